import { isJsonObject, type JsonObject } from '../../lib/json.ts';

/** A number of a response; zero if there is none. */
export function numberOf(value: unknown): number {
  const number = Number(value ?? 0);
  return Number.isFinite(number) ? number : 0;
}

/** A text of a response; undefined if there is none. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The texts of a list in a response. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** How texts call an object: its name, or its id. */
export function nameOf({ name, id }: JsonObject): string {
  return textOf(name) ?? textOf(id) ?? 'unnamed';
}

export function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** A time of a response in milliseconds; undefined if there is none, or if it is the API's zero time. */
export function timeOf(value: unknown): number | undefined {
  const time = Date.parse(String(value ?? ''));
  return Number.isNaN(time) || time <= 0 ? undefined : time;
}

/** A time to the minute, as `2026-08-31T12:00Z`. */
export function toMinute(time: unknown): string | undefined {
  const milliseconds = typeof time === 'number' ? time : timeOf(time);
  return milliseconds === undefined ? undefined : `${new Date(milliseconds).toISOString().slice(0, 16)}Z`;
}

/** A time to the second, as `2026-08-31T12:00:00Z`. */
export function toSecond(time: unknown): string | undefined {
  const milliseconds = typeof time === 'number' ? time : timeOf(time);
  return milliseconds === undefined ? undefined : `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** A duration in its largest unit: `3 h`, `2 d`. */
export function describeDuration(milliseconds: number): string {
  const duration = Math.abs(milliseconds);
  if (duration < hourMs) return `${Math.round(duration / 60_000)} min`;
  return duration < 2 * dayMs ? `${Math.round(duration / hourMs)} h` : `${Math.round(duration / dayMs)} d`;
}

/** A part of a whole in percent, with a decimal if it is small; undefined without a whole. */
export function percentOf(part: number, whole: number): string | undefined {
  if (whole === 0) return undefined;
  const percent = (part / whole) * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** `1 integration`, `2 integrations`. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** How often each value occurs, the most frequent first. */
export function tally(values: readonly string[]): readonly (readonly [value: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([one, left], [other, right]) => right - left || one.localeCompare(other));
}

/** The sentences that apply, as one text. */
export function joinSentences(sentences: readonly (string | false | undefined)[]): string {
  return sentences.filter((sentence) => typeof sentence === 'string').join(' ');
}
