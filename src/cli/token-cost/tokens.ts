import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

/** Tokens of a text (o200k). The tokenizer's tables outweigh this server: import this file only when they are wanted. */
export function tokensOf(text: string): number {
  return countTokens(text);
}

/** Tokens of a value as JSON. */
export function tokensOfJson(value: unknown): number {
  return tokensOf(JSON.stringify(value));
}
