import { parseBounded } from './exact-json.ts';

/** The value of a JSON text, or of its beginning. */
export interface PartialJson {
  readonly value: unknown;
  /** Whether the text ends before its value does. What is incomplete at its end is left out. */
  readonly isCut: boolean;
}

/** Parses the JSON of an object or array, also if its end is missing. Undefined for anything else. */
export function parsePartial(text: string): PartialJson | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const whole = parseOrUndefined(text);
  if (whole !== undefined) return { value: whole, isCut: false };
  const value = parseOrUndefined(closed(text));
  return value === undefined ? undefined : { value, isCut: true };
}

function parseOrUndefined(text: string): unknown {
  try {
    return parseBounded(text);
  } catch {
    return undefined;
  }
}

/** A text, a number or word, or a sign. */
const token = /\s*("(?:[^"\\]|\\.)*"|[-+.\w]+|[[\]{},:])/sy;

/** Whether a number or word ends where it does in the text: at the end of the text it may go on. */
function isWholeWord(word: string, next: string): boolean {
  return /^[,\]}]$/.test(next) && /^(?:true|false|null|-?\d[\d.eE+-]*)$/.test(word);
}

/** The text up to its last complete value, with the brackets that are still open closed. */
function closed(text: string): string {
  const open: string[] = [];
  let end = 0;
  let previous = '';
  let at = 0;
  for (;;) {
    token.lastIndex = at;
    const [, found = ''] = token.exec(text) ?? [];
    if (found === '') break;
    at = token.lastIndex;
    if (found === '{' || found === '[') open.push(found === '{' ? '}' : ']');
    else if (found === '}' || found === ']') {
      if (open.pop() !== found) break;
    }
    const isText = found.startsWith('"');
    const isKey = isText && open.at(-1) === '}' && previous !== ':';
    if ((isText && !isKey) || /^[[\]{}]$/.test(found) || isWholeWord(found, text.slice(at, at + 1))) end = at;
    previous = found;
  }
  return text.slice(0, end) + open.reverse().join('');
}
