import { homedir } from 'node:os';
import { join } from 'node:path';

/** @throws Error that says what is wrong with the text, as all parsers here do */
export function parseBoolean(text: string): boolean {
  const known: Record<string, boolean> = {
    true: true,
    1: true,
    yes: true,
    false: false,
    0: false,
    no: false,
  };
  const value = known[text.toLowerCase()];
  if (value === undefined) throw new Error('must be true or false');
  return value;
}

/** Splits a comma-separated list. */
export function parseNames(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

/** Maximum patterns of a list and characters of a pattern: each is compared with the name of every tool. */
const maxPatterns = 500;
const maxPatternLength = 200;

/** Parses comma-separated names in which `*` matches any characters. */
export function parsePatterns(text: string): string[] {
  const patterns = parseNames(text);
  if (patterns.length > maxPatterns) throw new Error(`must name at most ${maxPatterns} patterns`);
  if (patterns.some((pattern) => pattern.length > maxPatternLength))
    throw new Error(`must have at most ${maxPatternLength} characters in each name`);
  return patterns;
}

/** Parses comma-separated names or patterns of tools and toolsets, in lower case. */
export function parseNamePatterns(text: string): string[] {
  return parsePatterns(text.toLowerCase());
}

/** Parses one of the choices, ignoring case. */
export function parseChoice<Choice extends string>(text: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((one) => one === text.toLowerCase());
  if (choice === undefined) throw new Error(`must be one of ${choices.join(', ')}`);
  return choice;
}

/** Parses a number from `min` to `max`. */
export function parseNumber(text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < min || value > max) {
    throw new Error(`must be a number from ${min} to ${max}`);
  }
  return value;
}

/** Parses an integer from `min` to `max`. */
export function parseWhole(text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`must be a whole number from ${min} to ${max}`);
}

/** Parses a path, and expands `~`, which no shell expands in a client's configuration. */
export function parsePath(text: string): string {
  return /^~(?:[/\\]|$)/.test(text) ? join(homedir(), text.slice(1)) : text;
}
