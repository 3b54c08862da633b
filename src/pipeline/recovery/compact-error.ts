import { dropUndefined } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { fitsTokens } from '../../lib/token-estimate.ts';

/** Tokens that an error may cost. */
const maxTokens = 400;

/** Limits for texts (characters) and lists (entries). The first step that makes the error short enough is used. */
const steps = [
  { letters: 500, entries: 20 },
  { letters: 250, entries: 10 },
  { letters: 120, entries: 5 },
  { letters: 60, entries: 3 },
  { letters: 30, entries: 1 },
] as const;

/** Fields whose length callers or Synqly decide. */
const openFields = ['arguments', 'accepted_arguments', 'closest', 'upstream'];

/** Shortens an error: cuts texts of others and long lists. The confirmation is not cut. */
export function compactError(error: JsonObject): JsonObject {
  const { confirmation, ...rest } = error;
  let short = rest;
  for (const step of steps) {
    short = Object.fromEntries(
      Object.entries(rest).map(([name, part]) => [name, openFields.includes(name) ? cut(part, step) : part]),
    );
    if (fitsTokens(short, maxTokens)) break;
  }
  if (!fitsTokens(short, maxTokens)) short = minimalError(short, rest.upstream);
  return confirmation === undefined ? short : { ...short, confirmation };
}

/** An error without its example, and with only `message` and `raw_error` of `upstream`. */
function minimalError({ example, ...rest }: JsonObject, upstream: unknown): JsonObject {
  if (!isJsonObject(upstream)) return rest;
  const { message, raw_error } = upstream;
  return { ...rest, upstream: cut(dropUndefined({ message, raw_error }), steps[2]) };
}

type Step = (typeof steps)[number];

function cut(value: unknown, step: Step): unknown {
  const { letters, entries } = step;
  if (typeof value === 'string')
    return value.length > letters ? `${value.slice(0, letters).replace(/[\ud800-\udbff]$/, '')}...` : value;
  if (Array.isArray(value)) {
    const kept = value.slice(0, entries).map((item) => cut(item, step));
    return kept.length < value.length && kept.every((item) => typeof item === 'string')
      ? [...kept, `${value.length - kept.length} more`]
      : kept;
  }
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).slice(0, Math.max(entries, 8));
  return Object.fromEntries(kept.map(([name, part]) => [cut(name, step), cut(part, step)]));
}
