const lettersOfWord = 6;
/** What is longer is seldom a word, and falls into small pieces. */
const longestWord = 12;
const lettersOfPiece = 2;
/** Keys and hashes: long runs with digits in them. */
const shortestKey = 20;
const lettersOfKey = 1.35;
const digitsOfNumber = 3;

const other = 0;
const lower = 1;
const upper = 2;
const digit = 3;
const sign = 4;
const keySign = 5;

/** What each character of ASCII is. Signs stand in twos; some of them are part of keys. */
const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[a-z]/.test(character)) return lower;
  if (/[A-Z]/.test(character)) return upper;
  if (/\d/.test(character)) return digit;
  if (/[+/=_-]/.test(character)) return keySign;
  return /[\x20-\x7e]/.test(character) ? sign : other;
});

/**
 * About how many tokens a text costs a model; on the safe side. A tokenizer's own tables would be several times
 * larger than this server. Words, digits by three, signs by two, keys: what a tokenizer makes of JSON, as far as
 * characters tell. Read character by character, since answers of megabytes are measured: an expression takes twice as
 * long.
 *
 * @param most where counting may end, since it is too many already
 */
export function estimateTokens(text: string, most = Number.POSITIVE_INFINITY): number {
  let tokens = 0;
  let at = 0;
  // Where the run of characters that keys are made of ends, and its last digit.
  let end = 0;
  let lastDigit = -1;
  while (at < text.length && tokens <= most) {
    const kind = kindAt(text, at);
    if (kind !== other && kind !== sign && at >= end) {
      end = at;
      for (let one: number = kind; one !== other && one !== sign; one = kindAt(text, end)) {
        if (one === digit) lastDigit = end;
        end += 1;
      }
    }
    if (end - at >= shortestKey && lastDigit >= at) {
      tokens += Math.ceil((end - at) / lettersOfKey);
      at = end;
    } else {
      const next = endOfPiece(text, at, kind);
      const letters = next - at <= longestWord ? lettersOfWord : lettersOfPiece;
      tokens += Math.ceil((next - at) / letters);
      at = next;
    }
  }
  return tokens;
}

/** What a character is; nothing that counts, behind the end of the text. */
function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (kinds[code] as number) : other;
}

/** Where a word, a number or a pair of signs ends. */
function endOfPiece(text: string, at: number, kind: number): number {
  let next = at + 1;
  if (kind === digit) {
    while (next < at + digitsOfNumber && kindAt(text, next) === digit) next += 1;
  } else if (kind === sign || kind === keySign) {
    if (next < text.length && !isLetterOrDigit(kindAt(text, next))) next += 1;
  } else if (kind !== other) {
    // A capital may begin a word; several of them are one.
    const rest = kind === upper && kindAt(text, next) !== lower ? upper : lower;
    while (kindAt(text, next) === rest) next += 1;
  }
  return next;
}

function isLetterOrDigit(kind: number): boolean {
  return kind === lower || kind === upper || kind === digit;
}

/**
 * What a value costs as JSON, in tokens.
 *
 * @param most where counting may end, since it is too many already
 */
export function costOf(value: unknown, most?: number): number {
  return estimateTokens(JSON.stringify(value) ?? '', most);
}

/** Whether a value costs at most so much; no text has more tokens than bytes, so small ones need no counting. */
export function isWithin(value: unknown, tokens: number): boolean {
  if (tokens === Number.POSITIVE_INFINITY) return true;
  const text = JSON.stringify(value) ?? '';
  return Buffer.byteLength(text) <= tokens || estimateTokens(text, tokens) <= tokens;
}
