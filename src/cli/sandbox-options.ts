import { InvalidArgumentError } from 'commander';
import type { SandboxSize } from '../sandbox/seed.ts';

/** @throws InvalidArgumentError, as all of these do */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** A port, or 0 for any. */
export function port(text: string): number {
  const value = wholeNumber(text);
  if (value > 65_535) throw new InvalidArgumentError('It must be 65535 at most.');
  return value;
}

/** How many accounts, by a name or a number. */
export function size(text: string): SandboxSize {
  if (/^\d+$/.test(text)) return Number(text);
  if (text === 'small' || text === 'medium' || text === 'large') return text;
  throw new InvalidArgumentError('It must be small, medium, large or a number.');
}
