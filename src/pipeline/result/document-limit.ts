/** Tokens of a result about a document; enough to choose the next call. */
const defaultTokens = 5_500;
/** Tokens reserved for the fields next to the requested part. */
const reservedTokens = 150;

/** Tokens for the part of a document in a result with a token limit. */
export function documentBudget(tokens: number): number {
  return Math.min(defaultTokens, tokens) - reservedTokens;
}
