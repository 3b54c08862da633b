import fc from 'fast-check';
import { type FakeAnswer, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { pagesOf, type Row, rowsOf, timeAt, type Upstream } from './paged-upstream.ts';
import { canary, type Program, startProgram, type ToolAnswer } from './support.ts';

/** A list call, and the Management API that it meets. */
export interface Meeting {
  readonly tool: 'accounts_list' | 'integrations_list' | 'audit_list' | 'status_list_events';
  readonly limit: number | undefined;
  readonly isOrdered: boolean;
  readonly upstream: Upstream;
}

const broken: fc.Arbitrary<FakeAnswer> = fc.constantFrom<FakeAnswer[]>(
  { json: { result: null } },
  { json: {} },
  { json: null },
  { json: [] },
  { text: '' },
  { text: '{"result":[{"id":"x"' },
  { status: 500, json: { message: 'failed', status: 500 } },
  { status: 403, json: { message: 'no', status: 403 } },
  { status: 404, json: { message: 'no', status: 404 } },
  'reset',
);

/** A page among whose rows there are others that are none. */
const spoilt = fc.constant(
  (page: readonly Row[]): FakeAnswer => ({ json: { result: [null, ...page, 'row'] } }),
);

/** Lengths of runs of rows that share a value. */
const runs = (unique: boolean) =>
  fc.array(
    unique
      ? fc.constant(1)
      : fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.integer({ min: 1, max: 180 })),
    {
      maxLength: unique ? 330 : 60,
      size: 'max',
    },
  );

const rowsArb = (tool: Meeting['tool']) =>
  fc
    .record({
      lengths: runs(tool === 'accounts_list'),
      ids: fc.constantFrom('all', 'some', 'none'),
      twins: fc.boolean(),
      nameless: fc.constantFrom(0, 0, 0, 1, 3),
    })
    .map(({ lengths, ids, twins, nameless }): Row[] => {
      const isTimed = tool === 'audit_list' || tool === 'status_list_events';
      const rows: Row[] = lengths.flatMap((length, run) =>
        Array.from({ length }, (_, at) => ({
          ...(isTimed ? { created_at: timeAt(run * 1000) } : { name: `n-${String(run).padStart(4, '0')}` }),
          path: twins ? '/v1/same' : `/v1/${run}/${at}`,
        })),
      );
      const without = Array.from({ length: nameless }, (_, at) => ({
        name: null,
        created_at: null,
        path: `/v1/none/${at}`,
      }));
      return [...rows, ...without].map((row, at) =>
        ids === 'all' || (ids === 'some' && at % 3 > 0) ? { id: `id-${at}`, ...row } : row,
      );
    });

/** Any mix of page lengths, equal values, missing ids, cursors that are heeded or not, nulls, and errors on any page. */
export const meetings: fc.Arbitrary<Meeting> = fc
  .constantFrom<Meeting['tool'][]>('accounts_list', 'integrations_list', 'audit_list', 'status_list_events')
  .chain((tool) =>
    fc.record({
      tool: fc.constant(tool),
      limit: fc.option(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 90, max: 400 })), {
        nil: undefined,
      }),
      isOrdered: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
      upstream: fc.record({
        rows: rowsArb(tool),
        field: fc.constant<Upstream['field']>(
          tool === 'accounts_list' || tool === 'integrations_list' ? 'name' : 'created_at',
        ),
        // Less than twenty rows are taken for cut where they are a multiple of five.
        cap: fc.option(fc.oneof(fc.integer({ min: 20, max: 160 }), fc.constantFrom(5, 10, 15, 25, 50, 100)), {
          nil: undefined,
        }),
        after: fc.constantFrom<NonNullable<Upstream['after']>[]>('strict', 'strict', 'inclusive', 'ignored'),
        counts: fc.boolean(),
        instead: fc
          .dictionary(fc.integer({ min: 1, max: 6 }).map(String), fc.oneof(broken, spoilt), { maxKeys: 1 })
          .chain((faults) => fc.boolean().map((isFaulty) => (isFaulty ? faults : {}))),
      }),
    }),
  );

/** The built program, and an API that is another one for every call. */
export class MeetingPlace {
  #answer: ReturnType<typeof pagesOf> = () => ({ json: {} });
  readonly #fake: FakeSynqly;
  readonly #program: Program;

  private constructor(fake: FakeSynqly, program: Program) {
    this.#fake = fake;
    this.#program = program;
  }

  static async open(): Promise<MeetingPlace> {
    const fake = await startFakeSynqly((request) => place.#answer(request));
    const args = ['--base-url', fake.url, '--permissions', 'ignore', '--max-result-tokens', '200000'];
    const program = await startProgram(args, { SYNQLY_TOKEN: canary });
    const place = new MeetingPlace(fake, program);
    return place;
  }

  /** Makes the call, and throws where its answer is not true to what the API holds. */
  async check(meeting: Meeting): Promise<void> {
    const { tool, limit, isOrdered, upstream } = meeting;
    this.#answer = pagesOf(upstream);
    this.#fake.requests.length = 0;
    const order = { order: [`${upstream.field}[desc]`] };
    const args = {
      fields: ['*'],
      ...(limit !== undefined && { limit }),
      ...(isOrdered && order),
      ...(tool === 'status_list_events' && { account_id: 'a', integration_id: 'i' }),
    };
    const answer = await this.#program.call(tool, args);
    const asked = this.#fake.requests.map(({ query }) => String(query));
    try {
      assertTrue(meeting, answer, asked.length);
    } catch (error) {
      throw new Error(
        `${error} after ${asked.join(' | ')}: ${answer.text.slice(0, 100)} ... ${answer.text.slice(-600)}`,
      );
    }
  }

  /** Follows the calls that `more` names to their end; all rows must be met, unless it is said that some may not be. */
  async walk({ tool, limit, upstream }: Meeting): Promise<void> {
    const after = upstream.after === 'ignored' ? 'strict' : upstream.after;
    this.#answer = pagesOf({ ...upstream, after, instead: {} });
    const met = new Set<string>();
    let isDoubtful = false;
    let args: Record<string, unknown> | undefined = {
      fields: ['*'],
      limit: limit ?? 100,
      ...(tool === 'status_list_events' && { account_id: 'a', integration_id: 'i' }),
    };
    for (let calls = 0; args; calls += 1) {
      hold(calls <= 2 * upstream.rows.length + 2, `no end after ${calls} calls: ${JSON.stringify(args)}`);
      const { json }: ToolAnswer = await this.#program.call(tool, args);
      for (const row of rowsOf(json)) met.add(textOf(row));
      isDoubtful ||= json.more?.why !== undefined;
      args = typeof json.more?.next === 'object' ? json.more.next : undefined;
      isDoubtful ||= typeof json.more?.next === 'string';
    }
    const all = new Set(upstream.rows.map(textOf));
    hold(isDoubtful || met.size === all.size, `${met.size} of ${all.size} rows met`);
  }

  async close(): Promise<void> {
    await this.#program.close();
    this.#fake.close();
  }
}

function assertTrue(
  { limit, upstream, isOrdered }: Meeting,
  { json, isError }: ToolAnswer,
  requests: number,
): void {
  const wanted = Math.min(limit ?? 100, upstream.rows.length);
  const pages = Math.max(1, Math.ceil(wanted / Math.min(100, upstream.cap ?? 100)));
  hold(requests <= pages + 3, `${requests} requests for ${pages} pages`);
  if (isError) {
    hold(upstream.instead?.[1] !== undefined, 'an error, though the first page was none');
    return;
  }
  const rows = rowsOf(json).map(textOf);
  const expected = upstream.rows.map(textOf);
  const left = countsOf(expected);
  for (const row of rows) {
    const count = left.get(row) ?? 0;
    hold(count > 0, `one row too often: ${row}`);
    left.set(row, count - 1);
  }
  hold(rows.length <= (limit ?? 100), 'more rows than were asked for');
  const { more } = json;
  if (more === undefined) {
    hold(rows.length === expected.length, `${rows.length} of ${expected.length} rows, and no more`);
    return;
  }
  hold(typeof more.next === 'string' || typeof more.next === 'object', 'no word of what to do next');
  if (more.remaining !== undefined) hold(rows.length + more.remaining === expected.length, 'a wrong count');
  const isFirst = expected.slice(0, rows.length).every((row, at) => row === rows[at]);
  if (more.why === undefined && !isOrdered)
    hold(isFirst && rows.length === wanted, 'not the first rows, and nothing said of it');
}

/** A row as it is shown: without what is empty. */
const textOf = (row: Row) =>
  JSON.stringify(
    Object.entries(row)
      .filter(([, value]) => value !== null)
      .sort(),
  );

function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

function hold(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}
