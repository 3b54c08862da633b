/** The id found in a JSON-RPC message whose text is truncated or invalid. */
export interface FoundId {
  /** JSON text of the id: a string or a number. */
  readonly id: string | undefined;
  /** Whether the message is a response, to which no response is due. */
  readonly isAnswer: boolean;
}

/** Finds the id among the keys of a message's outermost object. Nested ids, and ids inside strings, are ignored. */
export function findId(text: string): FoundId {
  const keys = new Set<string>();
  let id: string | undefined;
  for (const [key, value] of outermostPairs(text)) {
    keys.add(key);
    if (key === '"id"') id = isIdText(value) ? value : undefined;
  }
  return { id, isAnswer: !keys.has('"method"') && (keys.has('"result"') || keys.has('"error"')) };
}

/** Matches an id near the end, followed only by other short members and the closing brace. */
const idAtEnd =
  /[,{]\s*"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*)(?:\s*,\s*"(?:jsonrpc|method)"\s*:\s*"[^"\\]*")*\s*\}\s*$/;

/** Finds the id of a message of which only the beginning and the end are kept. */
export function findIdAround(beginning: string, end: string): FoundId {
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

/**
 * Yields the keys of the outermost object with the texts of their values; undefined for objects, arrays and
 * truncated values.
 */
function* outermostPairs(text: string): Generator<readonly [key: string, value: string | undefined]> {
  let at = skipWhitespace(text, 0);
  if (text[at] !== '{') return;
  let depth = 1;
  let key: string | undefined;
  let isKeyNext = true;
  for (at += 1; at < text.length && depth > 0; at += 1) {
    const char = text[at] as string;
    if (char === '"') {
      const end = endOfString(text, at);
      const token = text.slice(at, end + 1);
      if (depth === 1 && isKeyNext && end > 0) {
        key = token;
        isKeyNext = false;
        // Yields the key even if its value is long or truncated.
        yield [key, undefined];
      } else if (depth === 1 && key !== undefined && end > 0) yield [key, token];
      if (end < 0) return;
      at = end;
    } else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
    else if (depth === 1 && char === ',') isKeyNext = true;
    else if (depth === 1 && key !== undefined && /[-\d]/.test(char)) {
      const end = endOfNumber(text, at);
      // A number at the end of the text may be truncated.
      if (end < text.length) yield [key, text.slice(at, end)];
      at = end - 1;
    }
  }
}

function skipWhitespace(text: string, from: number): number {
  let at = from;
  while (at < text.length && /[\s\ufeff]/.test(text[at] as string)) at += 1;
  return at;
}

/**
 * The end of the string that starts at `start`; -1 if it is truncated. Written by hand: regular expressions
 * overflow on long strings.
 */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\\') at += 1;
    else if (char === '"') return at;
  }
  return -1;
}

function endOfNumber(text: string, start: number): number {
  let at = start;
  while (at < text.length && /[-+.\deE]/.test(text[at] as string)) at += 1;
  return at;
}
