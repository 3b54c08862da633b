import { createInputStates } from '../src/access/input-states.ts';
import { createConfirmations } from '../src/access/pending-confirmations.ts';
import { allToolsets } from '../src/access/policy.ts';
import { gridOf, type Line } from '../src/cli/text-table.ts';
import { loadConfig } from '../src/config/load-config.ts';
import { noAuditLog } from '../src/observability/audit-log.ts';
import { createLogger } from '../src/observability/logger.ts';
import { runOperationById } from '../src/pipeline/run-operation.ts';
import { createRequestContext, type RequestContext } from '../src/request-context.ts';
import { createStdioSecrets } from '../src/secrets/store.ts';
import { fixedToken } from '../src/synqly/token-source.ts';

/*
 * What shaping costs: the time of a call whose answer is made a table, pruned or cut, beside that of the same call whose
 * answer is left whole. Synqly is a text that is parsed anew for each call. The two take turns, so that noise meets both.
 */
const rounds = Number(process.argv[2] ?? 300);

const sizes = { '2 kB': 2_000, '1 MB': 1_000_000 } as const;

/** An account as Synqly answers it, about 500 bytes long. */
const account = (index: number) => ({
  id: crypto.randomUUID(),
  name: `customer-${index}`,
  fullname: `Customer ${index} of the West`,
  created_at: '2026-05-24T10:30:00.014Z',
  updated_at: '2026-09-01T12:00:00.000Z',
  organization_id: '1353b275-17ed-400c-a9c6-e8f98b3dd253',
  environment: index % 3 === 0 ? 'test' : 'prod',
  labels: ['tier:gold', `region:${index % 2 ? 'eu' : 'us'}`, 'sector:transport'],
  description: null,
  contacts: [],
  metadata: { owner: `team-${index % 7}`, note: 'Moved here from the former contract in spring.', extra: {} },
});

/** So many accounts that their JSON is about so long. */
function accountsOf(bytes: number): object[] {
  const length = JSON.stringify(account(1)).length + 1;
  return Array.from({ length: Math.max(1, Math.round(bytes / length)) }, (_, index) => account(index));
}

interface Case {
  readonly what: string;
  readonly operation: string;
  readonly args: object;
  readonly result: (bytes: number) => unknown;
}

// An order has the list read with one request, whatever its length.
const list = { limit: 10_000, order: ['name[asc]'] };
const cases: readonly Case[] = [
  { what: 'list', operation: 'accounts_list', args: list, result: accountsOf },
  {
    what: 'list, all fields',
    operation: 'accounts_list',
    args: { ...list, fields: ['*'] },
    result: accountsOf,
  },
  {
    what: 'object',
    operation: 'accounts_get',
    args: { account_id: 'acme' },
    result: (bytes) => ({ ...account(1), children: accountsOf(bytes) }),
  },
];

function sessionOver(text: string, maxResultTokens: number): RequestContext {
  const config = loadConfig({}, {});
  const request = async () => ({
    status: 200,
    body: JSON.parse(text),
    requestId: undefined,
    retryAfter: undefined,
  });
  return createRequestContext({
    open: async () => ({ client: { request }, token: fixedToken('bench-token') }),
    knownTokens: ['bench-token'],
    log: createLogger('silent'),
    policy: { readOnly: false, confirm: 'destroy', toolsetFilter: allToolsets },
    secrets: createStdioSecrets(config),
    pendingCalls: createConfirmations(1000)('bench'),
    inputStates: createInputStates({ timeoutMs: 1000 })('bench'),
    auditLog: noAuditLog,
    timeout: config.timeout.value,
    maxResultTokens,
    revealSecrets: false,
    sandbox: false,
  });
}

const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

const { signal } = new AbortController();

/** Milliseconds of one call, its answer made text as it leaves the server. */
async function time(
  run: Case,
  session: RequestContext,
  whole: boolean,
): Promise<{ ms: number; bytes: number }> {
  const started = performance.now();
  const { value, error } = await runOperationById(run.operation, run.args, session, signal, { whole });
  const text = JSON.stringify(value);
  const ms = performance.now() - started;
  if (error) throw error;
  return { ms, bytes: text.length };
}

async function compare(run: Case, bytes: number, tokens: number, turns: number): Promise<Line> {
  const text = JSON.stringify({ result: run.result(bytes) });
  const session = sessionOver(text, tokens);
  const shaped: number[] = [];
  const whole: number[] = [];
  let length = 0;
  for (let turn = -Math.ceil(turns / 5); turn < turns; turn++) {
    const [one, other] = [await time(run, session, false), await time(run, session, true)];
    // The first rounds warm the machine up.
    if (turn < 0) continue;
    shaped.push(one.ms);
    whole.push(other.ms);
    length = one.bytes;
  }
  const [ours, theirs] = [median(shaped), median(whole)];
  const size = `${text.length.toLocaleString('en-US')} B`;
  return [
    `${run.what}, at most ${tokens.toLocaleString('en-US')} tokens`,
    size,
    `${length.toLocaleString('en-US')} B`,
    `${ours.toFixed(3)} ms`,
    `${theirs.toFixed(3)} ms`,
    `${(ours / theirs).toFixed(2)}`,
  ];
}

const sections = [];
for (const [name, bytes] of Object.entries(sizes)) {
  const turns = bytes > 100_000 ? Math.ceil(rounds / 10) : rounds * 10;
  const lines: Line[] = [];
  for (const run of cases)
    for (const tokens of [10_000, 1_000_000]) lines.push(await compare(run, bytes, tokens, turns));
  sections.push({ heading: [`ANSWERS OF ${name}`, 'answer', 'result', 'shaped', 'whole', 'ratio'], lines });
}
console.log(`Time of a call, medians of many turns, Node ${process.version}\n\n${gridOf('right', sections)}`);
