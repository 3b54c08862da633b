/** Lines longer than this are shown around the change only: a whole file may be one line. */
const maxLineLength = 160;
/** Most that is shown of one line. */
const maxShown = 3200;

/**
 * The lines that differ between two versions of a text, with `-` and `+`. Both changes of an entry are close to each
 * other, so that one block shows them. What is not changed is not shown: it may hold secrets of other servers.
 */
export function lineChanges(before: string, after: string): string[] {
  const [old, changed] = [toLines(before), toLines(after)];
  const start = commonLength(old, changed);
  const end = commonLength(old.slice(start).reverse(), changed.slice(start).reverse());
  const removed = old.slice(start, old.length - end);
  const added = changed.slice(start, changed.length - end);
  const isLong = [...removed, ...added].some((line) => line.length > maxLineLength);
  const lines =
    isLong && Math.min(removed.length, added.length) === 1
      ? longLine(removed.join('\n'), added.join('\n'))
      : blockLines(removed, added);
  return [`  line ${start + 1}:`, ...lines.map(withoutSecrets)];
}

/** Changed lines. Of a line that only gets or loses its end, such as a comma, only that is shown. */
function blockLines(removed: readonly string[], added: readonly string[]): string[] {
  const [old, changed] = [removed[0] ?? '', added[0] ?? ''];
  const isContinued = old !== '' && changed.startsWith(old);
  const isShortened = changed !== '' && old.startsWith(changed);
  const lines = (mark: string, all: readonly string[], rest: string) =>
    isContinued || isShortened
      ? [...(rest === '' ? [] : [`${mark} …${rest}`]), ...all.slice(1).map((line) => `${mark} ${line}`)]
      : all.map((line) => `${mark} ${line}`);
  return [
    ...lines('-', removed, isShortened ? old.slice(changed.length) : ''),
    ...lines('+', added, isContinued ? changed.slice(old.length) : ''),
  ];
}

/** The values of tokens and keys may be in an entry that somebody has written by hand. */
const withoutSecrets = (line: string): string =>
  line.replaceAll(/((?:token|key|secret|password)"?\s*[:=]\s*)"[^"]*"/gi, '$1"…"');

/** What is inserted into a long line, or cut from it. */
function longLine(before: string, after: string): string[] {
  const start = commonLength([...before], [...after]);
  const rest = [[...before].slice(start), [...after].slice(start)] as const;
  const end = commonLength(rest[0].toReversed(), rest[1].toReversed());
  const part = (signs: readonly string[]) => signs.slice(0, signs.length - end).join('');
  const lines = (mark: string, text: string) =>
    text === '' ? [] : toLines(`…${text}…`).map((line) => `${mark} ${line.slice(0, maxShown)}`);
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
