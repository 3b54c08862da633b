import { dropUndefined } from '../../errors.ts';
import type { Arguments, JsonObject } from '../../lib/json.ts';
import { borderOf } from '../../synqly/known-rows.ts';
import type { Listing } from '../../tools/define-operation.ts';
import { cursorAfter, type ListDoubt, type Remainder } from '../execute/paginate.ts';

/** A list on its way to the caller. */
export interface FormattedList {
  readonly listing: Listing;
  readonly rows: readonly JsonObject[];
  readonly remainder: Remainder | undefined;
}

/** How many rows there are beyond those shown, why that may not be known, and how to get them. */
export function describeMore(list: FormattedList, shown: number, args: Arguments): JsonObject {
  const { rows, remainder } = list;
  const cut = rows.length - shown;
  if (cut === 0 && !remainder) return {};
  const { doubt } = remainder ?? {};
  const isCounted = !remainder || remainder.count !== undefined;
  return {
    more: {
      ...(isCounted && { beyond: cut + (remainder?.count ?? 0) }),
      ...(cut > 0 && {
        cut: `${cut} rows that were read did not fit; ask for fewer fields to see more at once`,
      }),
      ...(doubt && whyOf(doubt, list)),
      next: nextOf(list, shown, args),
    },
  };
}

const noPages = 'There are no further pages to ask for here: use filter, fewer fields or another limit.';

/** The arguments of the call that gives what follows, or what to do where there is none. */
function nextOf(
  { listing, rows, remainder }: FormattedList,
  shown: number,
  args: Arguments,
): JsonObject | string {
  const { cursor } = listing;
  const isCut = rows.length > shown;
  const { doubt } = remainder ?? {};
  if (!cursor || args.order !== undefined)
    return doubt?.kind === 'maybe cut' && cursor ? `${adviceOn[doubt.kind]} Or leave order out.` : noPages;
  // What was not shown is what comes next, whatever is doubtful behind it.
  const after = cursorAfter(rows.slice(0, shown), cursor);
  const moves = after !== undefined && after !== args.start_after;
  const goesOn =
    isCut || !doubt || doubt.kind === 'failed' || doubt.kind === 'short pages' || remainder?.goesOn;
  if (doubt && !goesOn) return adviceOn[doubt.kind];
  // A stated limit has the next call look whether its page is cut too.
  const cutAlso = remainder?.isCut ? { limit: remainder.wanted } : {};
  if (moves) return { ...args, ...cutAlso, start_after: after };
  if (isCut) return noPages;
  if (doubt?.kind === 'failed') return { ...args };
  const { last } = borderOf(rows, cursor.fields);
  // No longer page was given: what follows is behind these rows.
  if (doubt && last !== undefined && last !== args.start_after) return { ...args, start_after: last };
  // Rows of one value fill the list: only a longer one gets past them.
  return { ...args, limit: Math.max(shown, remainder?.wanted ?? 0) * 2 };
}

/** What to do where the list cannot be gone on with. */
const adviceOn: Readonly<Record<ListDoubt['kind'], string>> = {
  failed: 'Call again.',
  'no objects': 'Read single objects, or narrow the list by filter.',
  repeated: 'Ask for a larger limit, or narrow the list by filter.',
  'one value': 'Narrow the list by filter, such as by account_id, to see whether there are others.',
  moved: 'Call again.',
  'no cursor': 'Ask for a larger limit, or narrow the list by filter.',
  'short pages': 'Narrow the list by filter.',
  'maybe cut': 'Narrow the list by filter to see whether there are others.',
};

/** Why it is not known whether rows are missing. */
function whyOf(doubt: ListDoubt, { rows, listing }: FormattedList): JsonObject {
  const fields = listing.cursor?.fields.join(',') ?? '';
  switch (doubt.kind) {
    case 'failed': {
      const { code, retry, details } = doubt.error;
      const message = code === 'timeout' ? 'The next page did not come in time.' : doubt.error.message;
      // A read that may have been carried out does no harm when it is sent again.
      const error = dropUndefined({
        code,
        message,
        retry: retry === 'check' ? 'safe' : retry,
        retry_after_s: details.retryAfter,
      });
      return { why: `Reading stopped after ${rows.length} rows.`, error };
    }
    case 'no objects':
      return { why: `${doubt.count} items of Synqly's answer are not objects and were left out.` };
    case 'repeated':
      return { why: 'Synqly did not go on from start_after, so there may be rows that were not read.' };
    case 'one value':
      return { why: `${doubt.count} rows have the same ${fields}; Synqly may have more of them.` };
    case 'moved':
      return { why: 'The list changed while it was read, so rows may be missing.' };
    case 'no cursor':
      return { why: `The rows have no ${fields}, from which the list could be read on.` };
    case 'short pages':
      return { why: `Synqly gives few rows at once; reading stopped after ${rows.length}.` };
    case 'maybe cut':
      return { why: 'Synqly gave fewer rows than were asked for; it may have cut the list.' };
  }
}
