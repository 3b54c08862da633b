import { CallError, dropUndefined } from '../../errors.ts';
import { findClosest } from '../../lib/did-you-mean.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { costOf, fitsTokens } from '../../lib/token-estimate.ts';
import { readMoreTool } from '../../tools/builtin/read-more.ts';
import { findPart, keyAtPosition, limitDepth, splitAddress } from './address.ts';
import { type Omission, type ShortenOptions, shortenPart } from './shorten.ts';

/** How to get what was left out of a result. */
export type Continuation =
  /** By repeating the read. */
  | { readonly tool: string; readonly arguments: JsonObject }
  /** By another call, or a note that it is not available. */
  | { readonly next: string | JsonObject };

/**
 * Shortens a value to a number of tokens. A shortened value has a field `cut`, which lists what was left out and how to get
 * it.
 *
 * @param mask masks secrets before the value is cut
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
 * The part of a result at an address, shortened to a number of tokens.
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
  const base = part.from > 0 ? (splitAddress(address)?.base ?? address) : address;
  const at = base === '#' ? '' : base;
  const name = keyAtPosition(whole, address)?.slice(0, maxNameLength);
  // A long address is not repeated; it is only included where the part continues.
  const isEchoed = fitsTokens(address, tokens * listShare);
  const header = dropUndefined({ cursor: isEchoed ? address : undefined, name });
  if (part.from === 0 && fitsTokens({ ...header, value: part.value }, tokens))
    return { ...header, value: part.value };
  const budget = costOf(header);
  return shortenTo(tokens, continuation, (max, options) => ({
    ...header,
    value: shortenPart(part, at, max - budget, options),
  }));
}

/** Characters that are shown of a key that is too long for an address. */
const maxNameLength = 500;

/** Share of the tokens for the value; reduced step by step if the result is too long. */
const valueShare = 0.9;

/** The smallest share: with less, only marks would be left. */
const minShare = 0.1;

type Shorten = (tokens: number, options: ShortenOptions) => JsonObject;

function shortenTo(tokens: number, continuation: Continuation, shorten: Shorten): JsonObject {
  for (let share = valueShare; ; share *= 0.8) {
    const omissions: Omission[] = [];
    const options: ShortenOptions = { copy: (value) => value, onOmit: (one) => omissions.push(one) };
    const shown = shorten(tokens * share - cutTokens, options);
    const result =
      omissions.length === 0 ? shown : { ...shown, cut: describeCut(omissions, tokens, continuation) };
    if (fitsTokens(result, tokens)) return result;
    if (share < minShare) {
      return {
        cut: {
          next: 'This part is too deep for the token limit; the administrator can raise --max-result-tokens.',
        },
      };
    }
  }
}

/** Tokens for the texts of `cut`. */
const cutTokens = 80;

/** Share of the tokens for the list of what was left out, and for repeated arguments. */
const listShare = 0.06;

function describeCut(left: readonly Omission[], tokens: number, continuation: Continuation): JsonObject {
  let budget = Math.max(tokens * listShare, 40);
  const lines: string[] = [];
  for (const { address, what } of left) {
    const line = what === 'left out' ? dotted(address) : `${dotted(address)}: ${what}`;
    budget -= costOf(line) + 1;
    if (budget < 0) break;
    lines.push(line);
  }
  const more = left.length - lines.length;
  return dropUndefined({
    left_out:
      more > 0
        ? [...lines, lines.length > 0 ? `${more} more` : 'the parts that have a $cursor or $each']
        : lines,
    next: 'tool' in continuation ? nextCall(left, tokens, continuation) : continuation.next,
    marks:
      'tool' in continuation
        ? 'Values for cursor: $cursor, and $each with {name} replaced by one of $names.'
        : undefined,
  });
}

function nextCall(
  left: readonly Omission[],
  tokens: number,
  continuation: { readonly tool: string; readonly arguments: JsonObject },
): JsonObject {
  const { tool, arguments: args } = continuation;
  const short = left.find((one) => fitsTokens(one.address, tokens * listShare));
  const address = short?.address ?? 'a $cursor from the result';
  if (Object.keys(args).length === 0) return { tool: readMoreTool.id, arguments: { tool, cursor: address } };
  if (fitsTokens(args, Math.max(tokens * listShare, 100)))
    return { tool: readMoreTool.id, arguments: { tool, arguments: args, cursor: address } };
  return { tool: readMoreTool.id, arguments: { tool, cursor: address }, and: 'the same arguments' };
}

/** The address in dotted notation, without the position to begin at. */
function dotted(address: string): string {
  return (splitAddress(address)?.base ?? address)
    .replaceAll('/', '.')
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
}

function missingPart(whole: JsonObject, address: string): CallError {
  const keys = limitDepth(address).split('/');
  for (let end = keys.length - 1; end >= 0; end -= 1) {
    const base = keys.slice(0, end).join('/');
    const container = end === 0 ? whole : findPart(whole, whole, base)?.value;
    if (!isJsonObject(container)) continue;
    const names = Object.keys(container);
    const near = findClosest(keys[end] ?? '', names);
    const closest = (near.length > 0 ? near : names.slice(0, 10)).map((name) =>
      end === 0 ? name : `${base}/${name}`,
    );
    return new CallError('not_found', 'The result has no such part.', {
      closest,
      remediation: 'Use one of closest. Address a list item by its position, as in rows/0.',
    });
  }
  return new CallError('not_found', 'The result has no such part.');
}
