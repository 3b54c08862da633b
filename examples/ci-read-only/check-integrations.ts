import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

/*
 * Fails a job when more integrations fail than allowed. The server is started so that it can do nothing but read.
 *
 * npx tsx examples/ci-read-only/check-integrations.ts [ALLOWED]
 *
 * Without SYNQLY_TOKEN it checks the sandbox.
 */

const server = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const allowed = Number(process.argv[2] ?? 0);
const { SYNQLY_TOKEN: token, SYNQLY_REGION: region, GITHUB_STEP_SUMMARY: summaryFile } = process.env;
if (!Number.isInteger(allowed) || allowed < 0)
  throw new Error('The number of integrations that may fail must be 0 or more.');

const client = new Client({ name: 'ci', version: '1.0.0' });
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [server, '--read-only', '--toolsets', 'observe', ...(token ? [] : ['--sandbox'])],
    env: {
      ...getDefaultEnvironment(),
      ...(token && { SYNQLY_TOKEN: token }),
      ...(region && { SYNQLY_REGION: region }),
      SYNQLY_LOG_LEVEL: 'warn',
    },
  }),
);

try {
  await assertReadOnly();
  const failing = await listFailing();
  report(failing);
  process.exitCode = failing.length > allowed ? 1 : 0;
} finally {
  await client.close();
}

/** Ends the job before the first call when a change to its settings has let it write. */
async function assertReadOnly(): Promise<void> {
  const { tools } = await client.listTools();
  const writing = tools.filter(({ annotations }) => annotations?.readOnlyHint !== true);
  if (writing.length > 0)
    throw new Error(`These tools can write: ${writing.map(({ name }) => name).join(', ')}`);
  console.log(`${tools.length} tools, all of which only read.`);
}

type Row = Record<string, unknown>;

/** Every integration with the status `error`, over as many pages as there are. */
async function listFailing(): Promise<Row[]> {
  const rows: Row[] = [];
  let args: Row | undefined = {
    filter: ['status[eq]error'],
    expand: ['account', 'integration'],
    fields: ['account.name', 'integration.name', 'requests', 'failed'],
  };
  while (args) {
    const list = await call('status_list', args);
    rows.push(...rowsOf(list));
    if (list.more?.why) throw new Error(`The list may be incomplete: ${JSON.stringify(list.more.why)}`);
    args = list.more?.next;
  }
  return rows;
}

/** @throws Error with what the server says to do next: a job has no model that could correct the call */
// biome-ignore lint/suspicious/noExplicitAny: the shape depends on the tool
async function call(name: string, args: Row): Promise<any> {
  const { content } = await client.callTool({ name, arguments: args });
  const [first] = content as { text: string }[];
  const result = JSON.parse(first?.text ?? '{}');
  const { error } = result;
  if (error) throw new Error(`${name}: ${error.code}: ${error.message} ${error.next}`);
  return result;
}

/** Lists come as tables: a column with one value in all rows is in `same`. */
// biome-ignore lint/suspicious/noExplicitAny: the shape depends on the tool
function rowsOf({ same = {}, columns = [], rows = [] }: any): Row[] {
  return rows.map((row: unknown[]) => ({
    ...same,
    ...Object.fromEntries(columns.map((column: string, index: number) => [column, row[index]])),
  }));
}

function report(failing: readonly Row[]): void {
  const lines = [
    `${failing.length} integrations fail, ${allowed} may.`,
    '',
    '| Account | Integration | Requests | Failed |',
    '| --- | --- | --- | --- |',
    ...failing.map(
      (row) => `| ${row['account.name']} | ${row['integration.name']} | ${row.requests} | ${row.failed} |`,
    ),
  ];
  console.log(lines.join('\n'));
  if (summaryFile) appendFileSync(summaryFile, `${lines.join('\n')}\n`);
}
