const maxWidth = 110;
/** Longer lists are shown in part. */
const maxItems = 5;
/** The same for lists whose items take several lines. */
const maxLongItems = 2;
const maxTextLength = 220;

/** An answer as the documentation shows it: short values on one line, long lists and texts in part. */
export function formatAnswer(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return scalar(value);
  const line = oneLine(value);
  if (line !== undefined && indent.length + line.length <= maxWidth) return line;
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const entries: readonly (readonly [string, unknown])[] = isList
    ? value.map((item) => ['', item] as const)
    : Object.entries(value);
  const isShort = entries.every(([, item]) => (oneLine(item)?.length ?? maxWidth) < maxWidth);
  const shown = isList ? entries.slice(0, isShort ? maxItems : maxLongItems) : entries;
  const left = entries.length - shown.length;
  const lines = shown.map(([key, item], index) => {
    const comma = index < entries.length - 1 ? ',' : '';
    const label = isList ? '' : `${JSON.stringify(key)}: `;
    return `${inner}${label}${formatAnswer(item, inner)}${comma}`;
  });
  if (left > 0) lines.push(`${inner}// ${left} more`);
  return [isList ? '[' : '{', ...lines, `${indent}${isList ? ']' : '}'}`].join('\n');
}

function scalar(value: unknown): string {
  if (typeof value === 'string' && value.length > maxTextLength)
    return JSON.stringify(`${value.slice(0, maxTextLength)}…`);
  return JSON.stringify(value);
}

/** The value on one line, with blanks between; undefined where a list or a text must be shortened. */
function oneLine(value: unknown): string | undefined {
  if (typeof value === 'string' && value.length > maxTextLength) return undefined;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value) && value.length > maxItems * 2) return undefined;
  const parts = Object.entries(value).map(([key, item]) => {
    const text = oneLine(item);
    if (text === undefined) return undefined;
    return Array.isArray(value) ? text : `${JSON.stringify(key)}: ${text}`;
  });
  if (parts.includes(undefined)) return undefined;
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{ ', ' }'];
  return parts.length === 0 ? (Array.isArray(value) ? '[]' : '{}') : `${open}${parts.join(', ')}${close}`;
}
