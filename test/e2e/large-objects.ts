import { createHash } from 'node:crypto';

/** Keys and hashes, hardly two characters to a token. */
export function denseText(length: number): string {
  const lines: string[] = [];
  for (let at = 0; at * 88 < length; at += 1)
    lines.push(createHash('sha512').update(`dense ${at}`).digest('base64'));
  return lines.join('').slice(0, length);
}

/** Words, lines and quotes, as a transform holds them. */
export function wordyText(length: number): string {
  const lines: string[] = [];
  for (let at = 0, size = 0; size < length; at += 1) {
    const line = `map the field "severity_${at}" to event.severity, or leave it out\n`;
    lines.push(line);
    size += line.length;
  }
  return lines.join('').slice(0, length);
}

/** Half of it characters that take two units of UTF-16, or three bytes and as many tokens. */
export function oddText(length: number): string {
  return `脅威🦊\u{1f9d1}\u200d\u{1f692}${denseText(10)}궯\u0001"\\`
    .repeat(Math.ceil(length / 26))
    .slice(0, length)
    .replace(/\p{Surrogate}$/u, '');
}

/** Objects that are long, wide, deep or oddly named, of so many characters in all. */
export function oddObject(length: number): Record<string, unknown> {
  const each = Math.floor(length / 6);
  const few = Math.floor(each / 4);
  const count = Math.floor(each / 60);
  const nested = Array.from({ length: 120 }, (_, level) => level).reduceRight<unknown>(
    (inner, level) => ({ level, note: 'one of many levels', inner }),
    wordyText(2_000),
  );
  return {
    id: 'odd',
    name: 'odd',
    dense: denseText(each),
    wordy: wordyText(2 * each - few),
    odd: oddText(few),
    wide: Object.fromEntries(
      Array.from({ length: count }, (_, at) => [
        `field/${at}~x`,
        { value: `the value ${at}`, on: at % 2 === 0 },
      ]),
    ),
    list: Array.from({ length: count }, (_, at) => ({
      at,
      text: `an item of many: ${at}`,
      none: [at, true, 1.5],
    })),
    long_items: Array.from({ length: 5 }, (_, at) => denseText(each / 5 + at)),
    nested,
    'd[3:]': 'looks like a place to begin at',
  };
}
