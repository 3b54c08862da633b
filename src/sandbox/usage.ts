/*
 * Counters, status events and timeseries of integrations. They move with use: whoever makes an integration
 * contact its provider calls `record`; whoever issues it a token, `count`. Integrations that were opened with `traffic`
 * also gain background requests for every five minutes that the clock has passed; with a fixed clock none.
 */
import type { SandboxState, Usage, UsageCounters, UsageEvent, UsageOpening, UsageSeries } from './model.ts';
import {
  addSample,
  backgroundSample,
  emptySample,
  requestSample,
  type Sample,
  type Traffic,
} from './traffic.ts';

/** Width of the finest step kept, in milliseconds. */
export const spanLength = 5 * 60_000;
const hour = 60 * 60_000;
const keptSpans = 25 * (hour / spanLength);
const keptEvents = 1000;

interface Book {
  readonly traffic: Traffic | undefined;
  readonly openedAt: number;
  changedAt: number;
  /** First span whose background traffic is not yet counted. */
  nextSpan: number;
  /** Why every request fails at present, and since when. */
  standing: { error: string; since: number } | undefined;
  /** First span after the last recovery; failures before it are past. */
  judgedFrom: number;
  /** Requests since the integration was opened; a reset leaves it alone. */
  running: number;
  totals: Sample;
  readonly spans: Map<number, Sample>;
  events: UsageEvent[];
}

/**
 * Keeps usage for one sandbox.
 *
 *     const usage = createUsage({ now });
 *     usage.open(integration.id);                       // new: nothing counted yet
 *     usage.open(integration.id, {                      // seeded: a day of traffic, broken for two hours
 *       since: now() - 24 * hour,
 *       traffic: { perSpan: 8, failureShare: 0.01 },
 *       failing: { error: 'provider answered 401', since: now() - 2 * hour },
 *     });
 *     usage.record(integration.id);                     // a request that worked
 *     usage.record(integration.id, 'connection reset'); // one that failed; so does what follows
 *     usage.count(integration.id);                      // one that says nothing of the provider
 */
export function createUsage(state: Pick<SandboxState, 'now'>): Usage {
  const books = new Map<string, Book>();

  function bookOf(integrationId: string): Book {
    const book = books.get(integrationId) ?? openBook(integrationId, {});
    settle(integrationId, book, state.now());
    return book;
  }

  function openBook(integrationId: string, opening: UsageOpening): Book {
    const openedAt = opening.since ?? state.now();
    const book: Book = {
      traffic: opening.traffic,
      openedAt,
      changedAt: openedAt,
      nextSpan: Math.ceil(openedAt / spanLength),
      standing: opening.failing && { ...opening.failing },
      judgedFrom: 0,
      running: 0,
      totals: emptySample(),
      spans: new Map(),
      events: [],
    };
    books.set(integrationId, book);
    return book;
  }

  return {
    open(integrationId, opening = {}) {
      openBook(integrationId, opening);
    },
    close(integrationId) {
      books.delete(integrationId);
    },
    count(integrationId) {
      countRequest(integrationId, bookOf(integrationId), state.now(), false);
    },
    record(integrationId, error) {
      const book = bookOf(integrationId);
      const at = state.now();
      countRequest(integrationId, book, at, error !== undefined);
      if (error !== undefined) {
        book.standing ??= { error, since: at };
        book.standing.error = error;
        addEvent(book, at, 'error', error);
      } else if (book.standing) {
        book.standing = undefined;
        book.judgedFrom = Math.floor(at / spanLength) + 1;
        addEvent(book, at, 'ok');
      }
    },
    reset(integrationId) {
      const book = bookOf(integrationId);
      book.totals = emptySample();
      book.events = [];
      book.changedAt = state.now();
    },
    counters(integrationId) {
      return toCounters(bookOf(integrationId), state.now());
    },
    events(integrationId) {
      return bookOf(integrationId).events;
    },
    lastHour(integrationIds) {
      return toSeries(integrationIds.map(bookOf), state.now(), spanLength, hour / spanLength, '5m');
    },
    lastDay(integrationIds) {
      return toSeries(integrationIds.map(bookOf), state.now(), hour, 24, '1h');
    },
  };
}

function settle(integrationId: string, book: Book, now: number): void {
  const present = Math.floor(now / spanLength);
  if (!book.traffic || book.nextSpan >= present) return;
  for (let span = book.nextSpan; span < present; span++) {
    const start = span * spanLength;
    const standing = book.standing && start >= book.standing.since ? book.standing.error : undefined;
    const { sample, error } = backgroundSample(integrationId, span, book.traffic, standing);
    book.running += sample.succeeded + sample.failed;
    addToSpan(book, span, sample);
    if (error !== undefined) addEvent(book, start, standing === undefined ? 'degraded' : 'error', error);
  }
  book.nextSpan = present;
  book.changedAt = Math.max(book.changedAt, present * spanLength);
  for (const span of book.spans.keys()) if (span < present - keptSpans) book.spans.delete(span);
}

function countRequest(integrationId: string, book: Book, at: number, failed: boolean): void {
  book.running++;
  addToSpan(book, Math.floor(at / spanLength), requestSample(integrationId, book.running, failed));
  book.changedAt = at;
}

function addToSpan(book: Book, span: number, sample: Sample): void {
  addSample(book.totals, sample);
  const kept = book.spans.get(span);
  if (kept) addSample(kept, sample);
  else book.spans.set(span, { ...sample });
}

// Events are paged by their time alone, so that no two may share one.
function addEvent(book: Book, at: number, status: string, error?: string): void {
  const last = book.events.at(-1);
  const time = last ? Math.max(at, Date.parse(last.created_at) + 1) : at;
  book.events.push({
    created_at: new Date(time).toISOString(),
    status,
    request: book.running,
    ...(error !== undefined && { error }),
  });
  if (book.events.length > keptEvents) book.events.shift();
}

function toCounters(book: Book, now: number): UsageCounters {
  const { succeeded, failed, cpu_time, in_bytes, out_bytes } = book.totals;
  const requests = succeeded + failed;
  return {
    created_at: new Date(book.openedAt).toISOString(),
    updated_at: new Date(book.changedAt).toISOString(),
    status: judge(book, now),
    requests,
    failed,
    cpu_time,
    db_ops: 2 * requests,
    api_ops: requests,
    in_bytes,
    out_bytes,
  };
}

// The real words are not documented (`status` is free text); these four are the sandbox's own.
function judge(book: Book, now: number): string {
  if (book.totals.succeeded + book.totals.failed === 0) return 'unknown';
  if (book.standing) return 'error';
  const recent = emptySample();
  const from = Math.max(book.judgedFrom, Math.floor((now - hour) / spanLength));
  for (const [span, sample] of book.spans) if (span >= from) addSample(recent, sample);
  return recent.failed * 10 > recent.succeeded + recent.failed ? 'degraded' : 'ok';
}

// The last step is the one that `now` falls in, and not over yet.
function toSeries(
  books: readonly Book[],
  now: number,
  width: number,
  steps: number,
  interval: string,
): UsageSeries {
  const last = Math.floor(now / width);
  const first = last - steps + 1;
  const sums = Array.from({ length: steps }, emptySample);
  for (const book of books)
    for (const [span, sample] of book.spans) {
      const sum = sums[Math.floor((span * spanLength) / width) - first];
      if (sum) addSample(sum, sample);
    }
  return {
    start_time: new Date(first * width).toISOString(),
    end_time: new Date(now).toISOString(),
    interval,
    series: sums.map((sum, step) => ({ created_at: new Date((first + step) * width).toISOString(), ...sum })),
  };
}
