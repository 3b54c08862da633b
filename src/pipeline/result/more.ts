import { dropUndefined } from '../../errors.ts';
import type { Arguments, JsonObject } from '../../lib/json.ts';
import { resumePointsOf } from '../../synqly/known-rows.ts';
import type { Listing } from '../../tools/define-operation.ts';
import { cursorAfter, type ListDoubt, type Remainder } from '../execute/paginate.ts';

/** A list to be formatted. */
export interface FormattedList {
  readonly listing: Listing;
  readonly rows: readonly JsonObject[];
  readonly remainder: Remainder | undefined;
}

/** The field `more`: how many rows are not shown, why that may be unknown, and how to get them. */
export function describeMore(list: FormattedList, shown: number, args: Arguments): JsonObject {
  const { rows, remainder } = list;
  const cut = rows.length - shown;
  if (cut === 0 && !remainder) return {};
  const { doubt } = remainder ?? {};
  const isCounted = !remainder || remainder.count !== undefined;
  return {
    more: {
      ...(isCounted && { remaining: cut + (remainder?.count ?? 0) }),
      ...(cut > 0 && {
        cut: `${cut} of the rows did not fit; request fewer fields to see more at once`,
      }),
      ...(!isCounted && !doubt && { why: 'limit is reached, so more rows may match.' }),
      ...(doubt && describeDoubt(doubt, list)),
      next: nextOf(list, shown, args),
    },
  };
}

/** How to get more rows of a list that cannot be continued. */
const noNextPage = {
  ordered: 'A list with order cannot be continued: raise limit, narrow it by filter, or leave order out.',
  list: 'This list cannot be continued: raise limit, or narrow it by filter.',
  cut: 'Request fewer fields, or narrow the list by filter.',
};

/** The arguments of the call for the following rows, or advice if there is none. */
function nextOf(list: FormattedList, shown: number, args: Arguments): JsonObject | string {
  const { listing, rows, remainder } = list;
  const { cursor } = listing;
  const isCut = rows.length > shown;
  const { doubt } = remainder ?? {};
  if (!cursor || args.order !== undefined) return adviceWithoutPages(list);
  // The rows that were not shown come next.
  const after = cursorAfter(rows.slice(0, shown), cursor);
  const moves = after !== undefined && after !== args.start_after;
  const goesOn =
    isCut || !doubt || doubt.kind === 'failed' || doubt.kind === 'short pages' || remainder?.goesOn;
  if (doubt && !goesOn) return adviceFor[doubt.kind];
  // With an explicit limit, the next call checks whether its page is cut too.
  const cutAlso = remainder?.isCut ? { limit: remainder.wanted } : {};
  if (moves) return { ...args, ...cutAlso, start_after: after };
  if (isCut) return noNextPage.cut;
  if (doubt?.kind === 'failed') return { ...args };
  const { last } = resumePointsOf(rows, cursor.fields);
  // Synqly did not return a longer page, so continue after these rows.
  if (doubt && last !== undefined && last !== args.start_after) return { ...args, start_after: last };
  // All rows share one value, so only a longer list continues after them.
  return { ...args, limit: Math.max(shown, remainder?.wanted ?? 0) * 2 };
}

/** Advice for a list without a cursor, or with another order than that of its cursor. */
function adviceWithoutPages({ listing: { cursor }, remainder }: FormattedList): string {
  if (!remainder) return noNextPage.cut;
  if (remainder.doubt?.kind === 'maybe cut' && cursor) return `${adviceFor['maybe cut']} Or leave order out.`;
  return cursor ? noNextPage.ordered : noNextPage.list;
}

/** Advice for lists that cannot be continued. */
const adviceFor: Readonly<Record<ListDoubt['kind'], string>> = {
  failed: 'Call again.',
  'no objects': 'Get single objects, or narrow the list by filter.',
  repeated: 'Use a larger limit, or narrow the list by filter.',
  'one value': 'Narrow the list by filter, such as by account_id, to see whether there are others.',
  moved: 'Call again.',
  'no cursor': 'Use a larger limit, or narrow the list by filter.',
  'short pages': 'Narrow the list by filter.',
  'maybe cut': 'Narrow the list by filter to see whether there are others.',
};

/** Why it is unknown whether rows are missing. */
function describeDoubt(doubt: ListDoubt, { rows, listing }: FormattedList): JsonObject {
  const fields = listing.cursor?.fields.join(',') ?? '';
  switch (doubt.kind) {
    case 'failed': {
      const { code, retry, details } = doubt.error;
      const message =
        code === 'timeout' ? 'Synqly did not return the next page in time.' : doubt.error.message;
      // A read can always be repeated.
      const error = dropUndefined({
        code,
        message,
        retry: retry === 'check' ? 'safe' : retry,
        retry_after_s: details.retryAfter,
      });
      return { why: `Reading stopped after ${rows.length} rows.`, error };
    }
    case 'no objects':
      return { why: `${doubt.count} items of Synqly's response are not objects and were left out.` };
    case 'repeated':
      return { why: 'Synqly did not continue from start_after, so some rows may not have been read.' };
    case 'one value':
      return { why: `${doubt.count} rows have the same ${fields}; Synqly may have more of them.` };
    case 'moved':
      return { why: 'The list changed while it was read, so rows may be missing.' };
    case 'no cursor':
      return { why: `The rows have no ${fields}, so the list cannot be continued.` };
    case 'short pages':
      return { why: `Synqly returns few rows per page; reading stopped after ${rows.length}.` };
    case 'maybe cut':
      return { why: 'Synqly returned fewer rows than requested; it may have cut the list.' };
  }
}
