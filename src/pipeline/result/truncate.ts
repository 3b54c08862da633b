import { CallError, dropUndefined } from '../../errors.ts';
import { closest } from '../../lib/did-you-mean.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { costOf, isWithin } from '../../lib/token-estimate.ts';
import { showPart } from '../../tools/builtin/index.ts';
import { findPart, keyNamed, reachable, takeApart } from './address.ts';
import { type Left, type Manner, shortenPart } from './shorten.ts';

/** How what was left out of a result can be had. */
export type Remedy =
  /** By repeating the read. */
  | { readonly tool: string; readonly arguments: JsonObject }
  /** By another call, or not at all. */
  | { readonly next: string | JsonObject };

/**
 * A value that costs at most so many tokens, and if it was cut then what was left out, and how to get it.
 *
 * @param mask takes secrets out of what is cut
 */
export function cutTo(
  value: unknown,
  tokens: number,
  remedy: Remedy,
  mask: (value: unknown) => unknown = (same) => same,
): unknown {
  if (isWithin(value, tokens)) return value;
  const masked = mask(value);
  const whole = isJsonObject(masked) ? masked : { result: masked };
  return shortenTo(tokens, remedy, (most, manner) => {
    return shortenPart({ value: whole, from: 0 }, '', most, manner) as JsonObject;
  });
}

/**
 * The part of a result at an address, cut to so many tokens.
 *
 * @throws CallError `not_found`
 */
export function cutPart(value: unknown, address: string, tokens: number, remedy: Remedy): JsonObject {
  const whole = isJsonObject(value) ? value : { result: value };
  const part = findPart(whole, whole, address);
  if (!part) throw missingPart(whole, address);
  const base = part.from > 0 ? (takeApart(address)?.base ?? address) : address;
  const at = base === '#' ? '' : base;
  const name = keyNamed(whole, address)?.slice(0, longestName);
  // A deep part has a long address, which is needed once: where it goes on.
  const isEchoed = isWithin(address, tokens * shareOfTelling);
  const about = dropUndefined({ part: isEchoed ? address : undefined, name });
  if (part.from === 0 && isWithin({ ...about, value: part.value }, tokens))
    return { ...about, value: part.value };
  const room = costOf(about);
  return shortenTo(tokens, remedy, (most, manner) => ({
    ...about,
    value: shortenPart(part, at, most - room, manner),
  }));
}

/** Characters that are told of a key that is too long for an address. */
const longestName = 500;

/** Of the tokens for a result, what is left for the value; less when that proves too much. */
const shareOfValue = 0.9;

/** Below it nothing but marks would be shown. */
const leastShare = 0.1;

type Shorten = (tokens: number, manner: Manner) => JsonObject;

function shortenTo(tokens: number, remedy: Remedy, shorten: Shorten): JsonObject {
  for (let share = shareOfValue; ; share *= 0.8) {
    const left: Left[] = [];
    const manner: Manner = { copy: (value) => value, onLeft: (one) => left.push(one) };
    const shown = shorten(tokens * share - roomForCut, manner);
    const result = left.length === 0 ? shown : { ...shown, cut: tellCut(left, tokens, remedy) };
    if (isWithin(result, tokens)) return result;
    if (share < leastShare) {
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

function tellCut(left: readonly Left[], tokens: number, remedy: Remedy): JsonObject {
  let room = Math.max(tokens * shareOfTelling, 40);
  const told: string[] = [];
  for (const { address, what } of left) {
    const line = what === 'left out' ? dotted(address) : `${dotted(address)}: ${what}`;
    room -= costOf(line) + 1;
    if (room < 0) break;
    told.push(line);
  }
  const more = left.length - told.length;
  return dropUndefined({
    left_out: more > 0 ? [...told, told.length > 0 ? `${more} more` : 'what is marked'] : told,
    next: 'tool' in remedy ? nextCall(left, tokens, remedy) : remedy.next,
    marks:
      'tool' in remedy
        ? '$rest, $see and $at (with a name from $names put in) are values for part.'
        : undefined,
  });
}

function nextCall(
  left: readonly Left[],
  tokens: number,
  remedy: { readonly tool: string; readonly arguments: JsonObject },
): JsonObject {
  const { tool, arguments: args } = remedy;
  const short = left.find((one) => isWithin(one.address, tokens * shareOfTelling));
  const address = short?.address ?? 'as in the mark';
  if (Object.keys(args).length === 0) return { tool: showPart.id, arguments: { tool, part: address } };
  if (isWithin(args, Math.max(tokens * shareOfTelling, 100)))
    return { tool: showPart.id, arguments: { tool, arguments: args, part: address } };
  return { tool: showPart.id, arguments: { tool, part: address }, and: 'the same arguments' };
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
    const near = closest(keys[end] ?? '', names);
    const those = (near.length > 0 ? near : names.slice(0, 10)).map((name) =>
      end === 0 ? name : `${base}/${name}`,
    );
    return new CallError('not_found', 'The result has no such part.', {
      closest: those,
      next: 'Take one of closest. A part of a list goes by its place, as in rows/0.',
    });
  }
  return new CallError('not_found', 'The result has no such part.');
}
