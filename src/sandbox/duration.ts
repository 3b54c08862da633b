/*
 * Go-style durations, such as `24h` or `1h30m` (`x-format: go-duration` of the fact sheet).
 */
import { badRequest } from './problem.ts';

const second = 1000;
const units: Readonly<Record<string, number>> = { h: 3600 * second, m: 60 * second, s: second, ms: 1 };

/** An hour, in milliseconds. */
export const hour = 3600 * second;

/** Parses a duration to milliseconds; undefined if it is invalid. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) return undefined;
  // Amounts, each followed by its unit.
  const parts = text.split(/(h|ms|m|s)/);
  let sum = 0;
  for (let at = 0; at + 1 < parts.length; at += 2) {
    sum += Number(parts[at]) * (units[parts[at + 1] ?? ''] ?? 0);
  }
  return sum;
}

/** Formats a duration as Go does, such as `24h0m0s`. */
export function formatDuration(milliseconds: number): string {
  const total = Math.round(milliseconds / second);
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

export interface DurationRange {
  /** JSON Pointer of the field, for the error. */
  readonly pointer: string;
  /** The default. */
  readonly fallback: string;
  readonly min?: string;
  readonly max?: string;
}

/** Reads a duration from a request body, in milliseconds. 400 if it is invalid or out of range. */
export function readDuration(text: unknown, { pointer, fallback, min, max }: DurationRange): number {
  const given = text === undefined || text === null ? fallback : String(text);
  const value = parseDuration(given);
  const [low, high] = [parseDuration(min ?? '1ms') ?? 1, parseDuration(max ?? '') ?? Infinity];
  if (value !== undefined && value >= low && value <= high) return value;
  const range = [min && `at least ${min}`, max && `at most ${max}`].filter(Boolean).join(' and ');
  throw badRequest(`"${given}" is not a lifetime that is allowed here.`, {
    remediation: `Give a duration such as 2h, 30m or 45s${range && `, ${range}`}.`,
    parameter: { id: pointer, location: 'body', value: given },
  });
}
