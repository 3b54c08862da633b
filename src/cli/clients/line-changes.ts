/** Lines longer than this are shown around the change only: a whole file may be one line. */
const maxLineLength = 160;
const shownAround = 20;

/**
 * The lines that differ between two versions of a text, with `-` and `+`. Both changes of an entry are close to each
 * other, so that one block shows them.
 */
export function lineChanges(before: string, after: string): string[] {
  const [old, changed] = [toLines(before), toLines(after)];
  const start = commonLength(old, changed);
  const end = commonLength(old.slice(start).reverse(), changed.slice(start).reverse());
  const removed = old.slice(start, old.length - end);
  const added = changed.slice(start, changed.length - end);
  const isLong = [...removed, ...added].some((line) => line.length > maxLineLength);
  if (isLong && removed.length <= 1)
    return [`  line ${start + 1}:`, ...longLine(removed[0] ?? '', added.join('\n'))];
  return [`  line ${start + 1}:`, ...removed.map((line) => `- ${line}`), ...added.map((line) => `+ ${line}`)];
}

/** What is inserted into a long line, or cut from it. */
function longLine(before: string, after: string): string[] {
  const start = commonLength([...before], [...after]);
  const rest = [[...before].slice(start), [...after].slice(start)] as const;
  const end = commonLength(rest[0].toReversed(), rest[1].toReversed());
  const part = (signs: readonly string[]) => signs.slice(0, signs.length - end).join('');
  const lines = (mark: string, text: string) =>
    text === ''
      ? []
      : toLines(`…${text}…`).map((line) => `${mark} ${line.slice(0, maxLineLength * shownAround)}`);
  return [...lines('-', part(rest[0])), ...lines('+', part(rest[1]))];
}

const toLines = (text: string): string[] =>
  text === ''
    ? []
    : text
        .replace(/\r?\n$/, '')
        .split('\n')
        .map((line) => line.replace(/\r$/, ''));

function commonLength(one: readonly string[], other: readonly string[]): number {
  const limit = Math.min(one.length, other.length);
  let length = 0;
  while (length < limit && one[length] === other[length]) length += 1;
  return length;
}
