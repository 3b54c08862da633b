import { dropUndefined } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { fitsTokens } from '../../lib/token-estimate.ts';

/** Tokens that an error may cost. */
const maxTokens = 400;

/** Characters of a text and entries of a list, as far as the error is then short enough. */
const steps = [
  { letters: 500, entries: 20 },
  { letters: 250, entries: 10 },
  { letters: 120, entries: 5 },
  { letters: 60, entries: 3 },
  { letters: 30, entries: 1 },
] as const;

/** What others decide the length of. */
const open = ['arguments', 'accepted_arguments', 'closest', 'upstream'];

/** An error in few words: texts of others are cut, long lists too. What is to be confirmed stays whole. */
export function compactError(error: JsonObject): JsonObject {
  const { confirmation, ...rest } = error;
  let short = rest;
  for (const step of steps) {
    short = Object.fromEntries(
      Object.entries(rest).map(([name, part]) => [name, open.includes(name) ? cut(part, step) : part]),
    );
    if (fitsTokens(short, maxTokens)) break;
  }
  if (!fitsTokens(short, maxTokens)) short = withoutMost(short, rest.upstream);
  return confirmation === undefined ? short : { ...short, confirmation };
}

/** Of what others say only their message and the words of a provider; and no example, which says nothing that the arguments at fault do not say. */
function withoutMost({ example, ...rest }: JsonObject, upstream: unknown): JsonObject {
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
