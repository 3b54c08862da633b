/** What can be told of a JSON-RPC message whose text is cut or broken. */
export interface Found {
  /** JSON text of the id: a string or a number. */
  readonly id: string | undefined;
  /** Whether it answers something: then nobody waits for an answer to it. */
  readonly isAnswer: boolean;
}

/**
 * Looks for the id of a message among the keys of its outermost object, as far as the text goes. An id further inside,
 * or in a text that is a value, is not taken for it.
 */
export function findId(text: string): Found {
  const keys = new Set<string>();
  let id: string | undefined;
  for (const [key, value] of outermostPairs(text)) {
    keys.add(key);
    if (key === '"id"') id = isIdText(value) ? value : undefined;
  }
  return { id, isAnswer: !keys.has('"method"') && (keys.has('"result"') || keys.has('"error"')) };
}

/** What follows the id where it stands at the end: other short members, and the brace that ends the message. */
const idAtEnd =
  /[,{]\s*"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*)(?:\s*,\s*"(?:jsonrpc|method)"\s*:\s*"[^"\\]*")*\s*\}\s*$/;

/** The id of a message that is known by its beginning and its end only. */
export function findIdAround(beginning: string, end: string): Found {
  const found = findId(beginning);
  if (found.id !== undefined || found.isAnswer) return found;
  const [, id] = idAtEnd.exec(end) ?? [];
  return { id: id !== undefined && isIdText(id) ? id : undefined, isAnswer: false };
}

/** Whether a JSON text is a string or a finite number. */
function isIdText(text: string | undefined): text is string {
  if (text === undefined) return false;
  if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return Number.isFinite(Number(text));
  if (!text.startsWith('"')) return false;
  try {
    return typeof JSON.parse(text) === 'string';
  } catch {
    return false;
  }
}

/** Keys of the outermost object with the texts of their values; undefined for an object, a list, and a value that is cut off. */
function* outermostPairs(text: string): Generator<readonly [key: string, value: string | undefined]> {
  let at = skipBlanks(text, 0);
  if (text[at] !== '{') return;
  let depth = 1;
  let key: string | undefined;
  let isKeyNext = true;
  for (at += 1; at < text.length && depth > 0; at += 1) {
    const sign = text[at] as string;
    if (sign === '"') {
      const end = endOfString(text, at);
      const token = text.slice(at, end + 1);
      if (depth === 1 && isKeyNext && end > 0) {
        key = token;
        isKeyNext = false;
        // A key whose value is long, or is cut off, counts as seen.
        yield [key, undefined];
      } else if (depth === 1 && key !== undefined && end > 0) yield [key, token];
      if (end < 0) return;
      at = end;
    } else if (sign === '{' || sign === '[') depth += 1;
    else if (sign === '}' || sign === ']') depth -= 1;
    else if (depth === 1 && sign === ',') isKeyNext = true;
    else if (depth === 1 && key !== undefined && /[-\d]/.test(sign)) {
      const end = endOfNumber(text, at);
      // A number at the very end may have lost digits.
      if (end < text.length) yield [key, text.slice(at, end)];
      at = end - 1;
    }
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && /[\s\ufeff]/.test(text[at] as string)) at += 1;
  return at;
}

/** Where a string ends that begins at `start`; -1 where it does not. Not by a regular expression: those fail on long ones. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '\\') at += 1;
    else if (sign === '"') return at;
  }
  return -1;
}

function endOfNumber(text: string, start: number): number {
  let at = start;
  while (at < text.length && /[-+.\deE]/.test(text[at] as string)) at += 1;
  return at;
}
