/** What clients and shells put into a value later on: `${NAME}`, `${env:NAME}`, `${user_config.name}`, `{{NAME}}`. */
const anywhere = /\$\{[\w.:-]{1,80}\}|\{\{\s*[\w.:-]{1,80}\s*\}\}/;
/** Forms that may also be part of a value, and are a placeholder only where they are all of it. */
const whole = /^(?:\$(?:env:)?[A-Za-z_]\w{0,79}|%[A-Za-z_]\w{0,79}%|<\w[\w .:-]{0,79}>)$/;

/**
 * The placeholder in a text that something (a client's configuration, a shell, a person) was to fill in and did not;
 * undefined where there is none.
 */
export function placeholderIn(text: string): string | undefined {
  const [found] = anywhere.exec(text) ?? [];
  if (found !== undefined) return found;
  const bare = withoutQuotes(text).replace(/^Bearer\s+/i, '');
  return whole.test(withoutQuotes(bare)) ? withoutQuotes(bare) : undefined;
}

/** A text without blanks, a byte order mark, and the quotes around it. */
export function withoutQuotes(text: string): string {
  const trimmed = text.trim();
  const [, inner] =
    /^(?:"(.*)"|'(.*)'|“(.*)”|‘(.*)’)$/s.exec(trimmed)?.filter((part) => part !== undefined) ?? [];
  return inner === undefined ? trimmed : inner.trim();
}

/** A placeholder as it may be printed: what may be a secret between braces or brackets is not repeated. */
function printable(placeholder: string): string {
  const isName = !/\d/.test(placeholder) && (!placeholder.startsWith('<') || shown.test(placeholder));
  return isName ? placeholder : 'a placeholder';
}

/** Words by which a text in angle brackets shows that it stands for another. */
const shown = /\b(your|my|the|organization|account|token|key|secret|proxy|name|file|path|url|id)\b/i;

/** What is wrong with a text that should say something: it says nothing, or what it was to say is missing. */
export function emptiness(text: string): string | undefined {
  if (withoutQuotes(text) === '') return 'is empty';
  const placeholder = placeholderIn(text);
  return placeholder === undefined
    ? undefined
    : `holds ${printable(placeholder)}, which nothing has filled in`;
}
