import { CallError, dropUndefined } from '../../errors.ts';
import { findClosest } from '../../lib/did-you-mean.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { costOf, fitsTokens } from '../../lib/token-estimate.ts';
import { readMoreTool } from '../../tools/builtin/read-more.ts';
import { findPart, keyNamed, reachable, takeApart } from './address.ts';
import { type Omission, type ShortenOptions, shortenPart } from './shorten.ts';

/** How what was left out of a result can be had. */
export type Continuation =
  /** By repeating the read. */
  | { readonly tool: string; readonly arguments: JsonObject }
  /** By another call, or not at all. */
  | { readonly next: string | JsonObject };

/**
 * A value that costs at most so many tokens, and if it was cut then what was left out, and how to get it.
 *
 * @param mask takes secrets out of what is cut
 */
export function truncate(
  value: unknown,
  tokens: number,
  continuation: Continuation,
  mask: (value: unknown) => unknown = (same) => same,
): unknown {
  if (fitsTokens(value, tokens)) return value;
  const masked = mask(value);
  const whole = isJsonObject(masked) ? masked : { result: masked };
  return shortenTo(tokens, continuation, (max, options) => {
    return shortenPart({ value: whole, from: 0 }, '', max, options) as JsonObject;
  });
}

/**
 * The part of a result at an address, cut to so many tokens.
 *
 * @throws CallError `not_found`
 */
export function truncatePart(
  value: unknown,
  address: string,
  tokens: number,
  continuation: Continuation,
): JsonObject {
  const whole = isJsonObject(value) ? value : { result: value };
  const part = findPart(whole, whole, address);
  if (!part) throw missingPart(whole, address);
  const base = part.from > 0 ? (takeApart(address)?.base ?? address) : address;
  const at = base === '#' ? '' : base;
  const name = keyNamed(whole, address)?.slice(0, maxNameLength);
  // A deep part has a long address, which is needed once: where it goes on.
  const isEchoed = fitsTokens(address, tokens * shareOfTelling);
  const header = dropUndefined({ cursor: isEchoed ? address : undefined, name });
  if (part.from === 0 && fitsTokens({ ...header, value: part.value }, tokens))
    return { ...header, value: part.value };
  const budget = costOf(header);
  return shortenTo(tokens, continuation, (max, options) => ({
    ...header,
    value: shortenPart(part, at, max - budget, options),
  }));
}

/** Characters that are told of a key that is too long for an address. */
const maxNameLength = 500;

/** Of the tokens for a result, what is left for the value; less when that proves too much. */
const shareOfValue = 0.9;

/** Below it nothing but marks would be shown. */
const minShare = 0.1;

type Shorten = (tokens: number, options: ShortenOptions) => JsonObject;

function shortenTo(tokens: number, continuation: Continuation, shorten: Shorten): JsonObject {
  for (let share = shareOfValue; ; share *= 0.8) {
    const left: Omission[] = [];
    const options: ShortenOptions = { copy: (value) => value, onLeft: (one) => left.push(one) };
    const shown = shorten(tokens * share - roomForCut, options);
    const result = left.length === 0 ? shown : { ...shown, cut: describeCut(left, tokens, continuation) };
    if (fitsTokens(result, tokens)) return result;
    if (share < minShare) {
      return {
        cut: {
          next: 'This lies too deep to be shown in so few tokens; the administrator can raise --max-result-tokens.',
        },
      };
    }
  }
}

/** Tokens for the words of `cut`. */
const roomForCut = 80;

/** What of a result its list of what was left out may take, and an echo of the arguments. */
const shareOfTelling = 0.06;

function describeCut(left: readonly Omission[], tokens: number, continuation: Continuation): JsonObject {
  let budget = Math.max(tokens * shareOfTelling, 40);
  const lines: string[] = [];
  for (const { address, what } of left) {
    const line = what === 'left out' ? dotted(address) : `${dotted(address)}: ${what}`;
    budget -= costOf(line) + 1;
    if (budget < 0) break;
    lines.push(line);
  }
  const more = left.length - lines.length;
  return dropUndefined({
    left_out: more > 0 ? [...lines, lines.length > 0 ? `${more} more` : 'what is marked'] : lines,
    next: 'tool' in continuation ? nextCall(left, tokens, continuation) : continuation.next,
    marks:
      'tool' in continuation
        ? '$cursor, and $each with a name from $names put in, are values for cursor.'
        : undefined,
  });
}

function nextCall(
  left: readonly Omission[],
  tokens: number,
  continuation: { readonly tool: string; readonly arguments: JsonObject },
): JsonObject {
  const { tool, arguments: args } = continuation;
  const short = left.find((one) => fitsTokens(one.address, tokens * shareOfTelling));
  const address = short?.address ?? 'as in the mark';
  if (Object.keys(args).length === 0) return { tool: readMoreTool.id, arguments: { tool, cursor: address } };
  if (fitsTokens(args, Math.max(tokens * shareOfTelling, 100)))
    return { tool: readMoreTool.id, arguments: { tool, arguments: args, cursor: address } };
  return { tool: readMoreTool.id, arguments: { tool, cursor: address }, and: 'the same arguments' };
}

/** As one writes the way to a value; the place to begin at is told beside it. */
function dotted(address: string): string {
  return (takeApart(address)?.base ?? address)
    .replaceAll('/', '.')
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
}

function missingPart(whole: JsonObject, address: string): CallError {
  const keys = reachable(address).split('/');
  for (let end = keys.length - 1; end >= 0; end -= 1) {
    const base = keys.slice(0, end).join('/');
    const inside = end === 0 ? whole : findPart(whole, whole, base)?.value;
    if (!isJsonObject(inside)) continue;
    const names = Object.keys(inside);
    const near = findClosest(keys[end] ?? '', names);
    const those = (near.length > 0 ? near : names.slice(0, 10)).map((name) =>
      end === 0 ? name : `${base}/${name}`,
    );
    return new CallError('not_found', 'The result has no such part.', {
      closest: those,
      remediation: 'Take one of closest. A part of a list goes by its place, as in rows/0.',
    });
  }
  return new CallError('not_found', 'The result has no such part.');
}
