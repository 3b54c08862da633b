/** Tokens of an answer about a document: enough to choose the next step by. */
const usual = 5_500;
/** For what stands beside the part that was asked for. */
const besides = 150;

/** Tokens for the part of a document in an answer that may cost so many. */
export function documentBudget(tokens: number): number {
  return Math.min(usual, tokens) - besides;
}
