import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtinTools } from '../../src/tools/builtin/index.ts';
import { catalogue } from '../../src/tools/catalogue.ts';
import { workflows } from '../../src/tools/workflows/index.ts';
import { type Client, type Step, steps, type Transport } from './clients.ts';
import type { Installation } from './install.ts';
import { type Observed, observe, readRecordedFile, startRecordingProxy } from './messages.ts';
import { clientEnvironment, type Ended, runProgram } from './run-program.ts';
import { type Sandbox, serverCommand } from './sandbox.ts';

/** What came of a step. */
export interface Cell {
  readonly outcome: 'ok' | 'cannot' | 'failed';
  readonly text: string;
}

export interface Session {
  readonly protocol: Cell;
  readonly steps: Readonly<Record<Step, Cell>>;
}

/** The servers over HTTP; stdio clients start their own. */
export interface Servers {
  readonly sandbox: Sandbox;
  readonly urls: Readonly<Record<Exclude<Transport, 'stdio'>, string>>;
}

const limitMs = 120_000;
export const toolNames = [...catalogue, ...workflows, ...builtinTools].map(({ id }) => id).sort();
let count = 0;

/** Makes two accounts: the client deletes one, and leaves it at the preview of the other. */
export async function createAccounts(sandbox: Sandbox): Promise<{ declined: string; confirmed: string }> {
  count += 1;
  const names = { declined: `client-${count}-declined`, confirmed: `client-${count}-confirmed` };
  for (const name of Object.values(names)) await sandbox.createAccount(name);
  return names;
}

/** Has a client hold its session with the server, and judges what its driver printed. */
export async function holdSession(
  client: Client,
  { folder, program }: Installation,
  transport: Transport,
  { sandbox, urls }: Servers,
): Promise<Session> {
  const { declined, confirmed } = await createAccounts(sandbox);
  const home = mkdtempSync(join(tmpdir(), 'synqly-mcp-clients-'));
  const messages = join(home, 'messages.jsonl');
  const proxy = transport === 'stdio' ? undefined : await startRecordingProxy(urls[transport]);
  const [command, ...script] = serverCommand;
  const reach = proxy
    ? { url: proxy.url, headers: { Authorization: `Bearer ${sandbox.token}` } }
    : {
        command,
        args: [`${folder}record-stdio.mjs`, messages, command, ...script, '--base-url', sandbox.baseUrl],
        env: { SYNQLY_TOKEN: sandbox.token },
      };
  const run = {
    ...reach,
    modules: `${folder}node_modules`,
    options: client.options ?? {},
    unknown: 'no-such-account',
    declined,
    confirmed,
    resource: 'synqly://openapi/management',
  };
  try {
    const [first, ...before] = program;
    const args = client.driver === '' ? before : [...before, `${folder}${client.driver}`];
    const env = clientEnvironment(home, { CLIENT_RUN: JSON.stringify(run) });
    const ended = await runProgram(first, args, { cwd: home, env, limitMs });
    const observed = observe(proxy?.recorded ?? readRecordedFile(messages));
    const found = Object.fromEntries(
      ended.stdout
        .split('\n')
        .filter((line) => line.startsWith('{"'))
        .map((line) => JSON.parse(line))
        .map((result) => [result.step, result]),
    );
    const judge = {
      client,
      ended,
      transport,
      observed,
      sandbox,
      declined,
      confirmed,
      found,
      missing: lastWords(ended),
    };
    const judged = await Promise.all(steps.map(async (step) => [step, await judgeStep(step, judge)]));
    return { protocol: judgeProtocol(judge), steps: Object.fromEntries(judged) };
  } finally {
    proxy?.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Judge {
  readonly client: Client;
  readonly ended: Ended;
  readonly transport: Transport;
  readonly observed: Observed;
  readonly sandbox: Sandbox;
  readonly declined: string;
  readonly confirmed: string;
  /** What the driver printed, by step. */
  readonly found: Readonly<Record<string, Printed>>;
  /** Why it did not print a step. */
  readonly missing: string;
}

interface Printed {
  readonly text?: string;
  readonly names?: readonly string[];
  readonly by?: string;
  readonly failed?: string;
}

function judgeProtocol({ client, transport, ended, observed, found, missing }: Judge): Cell {
  const { protocol = 'none' } = observed;
  const wanted = typeof client.protocol === 'string' ? client.protocol : client.protocol[transport];
  if (protocol === 'none') return failed(`No answer. ${missing}`);
  if (protocol !== wanted) return failed(`${protocol} instead of ${wanted}`);
  if (ended.code !== 0) return failed(missing);
  if (client.healthy === undefined) return { outcome: 'ok', text: protocol };
  const { text = '', failed: problem } = found.check ?? {};
  return client.healthy.test(text) ? { outcome: 'ok', text: protocol } : failed(problem ?? (text || missing));
}

async function judgeStep(step: Step, judge: Judge): Promise<Cell> {
  const { client, transport, found, missing } = judge;
  const printed = found[step] ?? { failed: missing };
  const cannot = client.cannot?.[step];
  if (cannot !== undefined && (cannot.on ?? [transport]).includes(transport)) {
    const seen = printed.failed ?? printed.text ?? '';
    if (cannot.shows !== undefined && !cannot.shows.test(seen)) return failed(`unexpected: ${seen}`);
    return { outcome: 'cannot', text: cannot.reason };
  }
  if (client.healthy !== undefined) {
    // The health check shows no tools, but its messages do.
    return judge.observed.answered.has('tools/list') ? ok : failed('tools/list was not answered');
  }
  if (printed.failed !== undefined) return failed(printed.failed);
  return (await problemOf(step, printed, judge)) ?? { outcome: 'ok', text: printed.by ?? 'ok' };
}

const ok: Cell = { outcome: 'ok', text: 'ok' };
const failed = (text: string): Cell => ({
  outcome: 'failed',
  text: text.replaceAll(/\s+/g, ' ').slice(0, 300),
});

/** What is wrong with the answer to a step; undefined if nothing is. */
async function problemOf(step: Step, printed: Printed, judge: Judge): Promise<Cell | undefined> {
  const { sandbox, declined, confirmed } = judge;
  const { text = '', names = [], by } = printed;
  const expectText = (...parts: readonly string[]) =>
    parts.every((part) => text.includes(part)) ? undefined : failed(`unexpected: ${text}`);
  switch (step) {
    case 'list':
      return String([...names].sort()) === String(toolNames) ? undefined : failed(`${names.length} tools`);
    case 'read':
      return expectText('aldermere-logistics');
    case 'error':
      return expectText('not_found', 'List the existing ones with accounts_list.');
    case 'decline':
      if (!(await sandbox.hasAccount(declined))) return failed('deleted all the same');
      return by === 'form' ? expectText('confirmation_declined') : expectText('confirmation_required');
    case 'confirm':
      if (await sandbox.hasAccount(confirmed)) return failed(`not deleted: ${text}`);
      return by === expectedConsent(judge) ? expectText(confirmed) : failed(`confirmed by ${by}`);
    case 'resource':
      return expectText('Synqly Management API');
  }
}

/** A client that shows forms must be asked, wherever the server can ask. */
function expectedConsent({ observed, transport }: Judge): string {
  const canBeAsked = transport !== 'HTTP' || (observed.protocol ?? '') >= '2026-07-28';
  return observed.showsForms && canBeAsked ? 'form' : 'confirm_call';
}

/** Why a driver ended before its last step. */
function lastWords({ code, stderr }: Ended): string {
  if (code === undefined) return `It took longer than ${limitMs / 1000} s.`;
  // The server writes its log there too.
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('{'));
  const error =
    lines.findLast((line) => /^\S*(Error|error)\b.*: /.test(line)) ?? lines.at(-1) ?? 'no message';
  return `It ended with exit code ${code}: ${error}`;
}
