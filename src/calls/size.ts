/** What a tokenizer makes of JSON, as far as characters tell: keys and hashes, words, digits by three, signs by two. */
const pieces =
  /(?=[A-Za-z+/=_-]*\d)[A-Za-z\d+/=_-]{20,}|[A-Z]?[a-z]+|[A-Z]+|\d{1,3}|[^\x20-\x7e]|[^A-Za-z0-9]{1,2}/g;
const lettersOfWord = 6;
/** What is longer is seldom a word, and falls into small pieces. */
const longestWord = 12;
const lettersOfPiece = 2;
const lettersOfKey = 1.35;

/**
 * About how many tokens a text costs a model; on the safe side. A tokenizer's own tables would be several times
 * larger than this server.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const [piece] of text.matchAll(pieces)) {
    const isShort = piece.length <= longestWord;
    const letters = isShort
      ? lettersOfWord
      : piece.length >= 20 && /\d/.test(piece)
        ? lettersOfKey
        : lettersOfPiece;
    tokens += Math.ceil(piece.length / letters);
  }
  return tokens;
}

/** What a value costs as JSON, in tokens. */
export function costOf(value: unknown): number {
  return estimateTokens(JSON.stringify(value) ?? '');
}

/** Whether a value costs at most so much; no text has more tokens than bytes, so small ones need no counting. */
export function isWithin(value: unknown, tokens: number): boolean {
  if (tokens === Number.POSITIVE_INFINITY) return true;
  const text = JSON.stringify(value) ?? '';
  return Buffer.byteLength(text) <= tokens || estimateTokens(text) <= tokens;
}
