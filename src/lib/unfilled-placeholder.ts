/** Placeholders that clients and shells replace: `${NAME}`, `${env:NAME}`, `${user_config.name}`, `{{NAME}}`. */
const anywhere = /\$\{[\w.:-]{1,80}\}|\{\{\s*[\w.:-]{1,80}\s*\}\}/;
/** Forms that count as a placeholder only if they are the whole value. */
const whole = /^(?:\$(?:env:)?[A-Za-z_]\w{0,79}|%[A-Za-z_]\w{0,79}%|<\w[\w .:-]{0,79}>)$/;

/**
 * Finds a placeholder that a client's configuration, a shell or a person should have replaced; undefined if there
 * is none.
 */
export function placeholderIn(text: string): string | undefined {
  const [found] = anywhere.exec(text) ?? [];
  if (found !== undefined) return found;
  const bare = withoutQuotes(text).replace(/^Bearer\s+/i, '');
  return whole.test(withoutQuotes(bare)) ? withoutQuotes(bare) : undefined;
}

/** Strips white space, a byte order mark and surrounding quotes. */
export function withoutQuotes(text: string): string {
  const trimmed = text.trim();
  const [, inner] =
    /^(?:"(.*)"|'(.*)'|“(.*)”|‘(.*)’)$/s.exec(trimmed)?.filter((part) => part !== undefined) ?? [];
  return inner === undefined ? trimmed : inner.trim();
}

/** Formats a placeholder for a message, without text in braces or brackets that may be a secret. */
function printable(placeholder: string): string {
  const isName = !/\d/.test(placeholder) && (!placeholder.startsWith('<') || shown.test(placeholder));
  return isName ? placeholder : 'a placeholder';
}

/** Words that mark a text in angle brackets as a placeholder. */
const shown = /\b(your|my|the|organization|account|token|key|secret|proxy|name|file|path|url|id)\b/i;

/** Why a value counts as missing: it is empty, or holds an unfilled placeholder; undefined if it does not. */
export function missingReason(text: string): string | undefined {
  if (withoutQuotes(text) === '') return 'is empty';
  const placeholder = placeholderIn(text);
  return placeholder === undefined ? undefined : `holds ${printable(placeholder)}, which was not replaced`;
}
