import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { type FakeRequest, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { postTo } from './http-support.ts';
import { builtCli, cleanEnvironment } from './support.ts';

/** A line of the audit log. */
// biome-ignore lint/suspicious/noExplicitAny: lines are compared, not programmed against
export type Line = any;

/** The lines of an audit log, in a file or among other lines. */
export function auditLines(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{"type":"audit"'))
    .map((line) => JSON.parse(line));
}

/** A promise that is resolved from outside. */
export function createGate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A Management API that notes every delete when it arrives, and holds requests up where a test wants it. */
export interface WatchedApi {
  readonly api: FakeSynqly;
  readonly sandbox: Sandbox;
  /** An audit log of its own. */
  readonly file: string;
  /** Paths of the deletes that arrived, with whether the audit log held an opening line for each by then. */
  readonly deletes: { readonly path: string; readonly isAnnounced: boolean }[];
  /** Holds up requests that fit: `reached` resolves with the first; they go on when `release` is called. */
  hold(fits: (request: FakeRequest) => boolean): {
    readonly reached: Promise<void>;
    readonly answered: Promise<void>;
    release(): void;
  };
  lines(): Line[];
  close(): Promise<void>;
}

export async function watchApi(): Promise<WatchedApi> {
  const folder = mkdtempSync(join(tmpdir(), 'endings-'));
  const file = join(folder, 'audit.log');
  const sandbox = await startSandbox({ size: 'small' });
  const deletes: { path: string; isAnnounced: boolean }[] = [];
  let held: {
    fits: (request: FakeRequest) => boolean;
    reach(): void;
    answer(): void;
    released: Promise<void>;
  };
  const lines = () => (existsSync(file) ? auditLines(readFileSync(file, 'utf8')) : []);
  const api = await startFakeSynqly(async (request) => {
    const { path, method } = request;
    if (method === 'DELETE') {
      const name = decodeURIComponent(path.split('/').at(-1) ?? '');
      const isAnnounced = lines().some(
        ({ phase, targets }) => phase === 'sent' && Object.values(targets).includes(name),
      );
      deletes.push({ path, isAnnounced });
    }
    if (!held?.fits(request)) return undefined;
    held.reach();
    await held.released;
    // About when the answer goes out, which takes a request to the sandbox.
    setTimeout(held.answer, 5);
    return undefined;
  }, sandbox.baseUrl);
  return {
    api,
    sandbox,
    file,
    deletes,
    lines,
    hold: (fits) => {
      const [reached, answered, released] = [createGate(), createGate(), createGate()];
      held = { fits, reach: reached.open, answer: answered.open, released: released.opened };
      return { reached: reached.opened, answered: answered.opened, release: released.open };
    },
    close: async () => {
      api.close();
      await sandbox.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A running program that is asked by JSON-RPC, over stdio or HTTP. */
export interface Served {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Sends a message, and waits for nothing. */
  say(message: object): void;
  /** Sends a request; its answer, or undefined when there is none any more. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
  ask(message: object): Promise<any>;
  /** `[code, signal]`. */
  readonly exited: Promise<[number | null, string | null]>;
}

export interface ServedOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** URL of a gateway, for which it is then a bridge. */
  readonly gateway?: string;
}

function start(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [builtCli, ...args], { env: cleanEnvironment({ ...env }) });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  child.stdin.on('error', () => {});
  const exited = new Promise<[number | null, string | null]>((resolve) => {
    child.once('exit', (code, signal) => resolve([code, signal]));
  });
  return { child, output, exited };
}

/** A condition that comes true, or the end of the program. */
async function until(holds: () => boolean, child: ChildProcess): Promise<void> {
  while (!holds() && child.exitCode === null && child.signalCode === null) await pause(10);
}

export async function serveOverStdio(
  { api, sandbox, file }: WatchedApi,
  { args = ['--audit-log', file], env = {}, gateway }: ServedOptions = {},
): Promise<Served> {
  const { child, output, exited } = gateway
    ? start(['connect', gateway], { SYNQLY_MCP_TOKEN: sandbox.token })
    : start(['--base-url', api.url, ...args], {
        SYNQLY_TOKEN: sandbox.token,
        SYNQLY_PERMISSIONS: 'ignore',
        ...env,
      });
  let last = 0;
  const say = (message: object) => child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const answerTo = (id: number) =>
    output.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
      .find((message) => message.id === id && !('method' in message));
  const ask = async (message: object) => {
    last += 1;
    const id = last;
    say({ id, ...message });
    await until(() => answerTo(id) !== undefined, child);
    return answerTo(id);
  };
  await ask({ method: 'initialize', params: introduction });
  say({ method: 'notifications/initialized' });
  return { child, stdout: () => output.stdout, stderr: () => output.stderr, say, ask, exited };
}

const introduction = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
};

export async function serveOverHttp(
  { api, sandbox, file }: WatchedApi,
  { args = ['--audit-log', file], env = {} }: ServedOptions = {},
): Promise<Served & { readonly url: string; readonly headers: Record<string, string> }> {
  const { child, output, exited } = start(
    ['--transport', 'http', '--port', '0', '--base-url', api.url, ...args],
    { SYNQLY_PERMISSIONS: 'ignore', ...env },
  );
  await until(() => output.stderr.includes('"listening"'), child);
  const url = /"url":"([^"]+)"/.exec(output.stderr)?.[1] ?? '';
  const headers = {
    authorization: `Bearer ${sandbox.token}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  };
  const ask = async (message: object) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, ...message });
    const response = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined);
    return response?.json().catch(() => undefined);
  };
  const say = (message: object) => void ask(message);
  return { child, stdout: () => output.stdout, stderr: () => output.stderr, say, ask, exited, url, headers };
}

export const callOf = (name: string, args: object, id?: number) => ({
  ...(id !== undefined && { id }),
  method: 'tools/call',
  params: { name, arguments: args },
});

/** Makes an account, has its delete put aside, and gives the message that carries it out. */
export async function prepareDelete({ sandbox }: WatchedApi, { ask }: Served, name: string) {
  await postTo(sandbox, '/v1/accounts', { name });
  const { result } = await ask(callOf('accounts_delete', { account_id: name }));
  const { id } = JSON.parse(result.content[0].text).error.confirmation;
  return callOf('confirm_call', { id }, 1_000);
}

export const isAccount = (name: string, method: string) => (request: FakeRequest) =>
  request.method === method && request.path === `/v1/accounts/${name}`;

/** Whether an account is there, as the API itself knows it. */
export async function exists({ sandbox }: WatchedApi, name: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${sandbox.token}` };
  return (await fetch(`${sandbox.baseUrl}/v1/accounts/${name}`, { headers })).ok;
}

export const ends = ['SIGTERM', 'SIGINT', 'SIGHUP', 'stdin ends', 'stdout breaks', 'SIGKILL'] as const;
export type End = (typeof ends)[number];

/** Ends a program, in the way that the client or the system does. */
export function end({ child, say }: Served, how: End): void {
  if (how === 'stdin ends') child.stdin?.end();
  else if (how === 'stdout breaks') {
    child.stdout?.destroy();
    // It shows with the first write; those after it fail as well.
    for (const id of [5_001, 5_002, 5_003]) say({ id, method: 'ping' });
  } else child.kill(how);
}

export const steps = [
  'before the look',
  'during the look',
  'right before sending',
  'while waiting, with an answer in time',
  'while waiting, with none',
  'after the answer',
] as const;
export type Step = (typeof steps)[number];

/** Begins a delete, and ends the program at one step of it. */
export async function endAt(
  watched: WatchedApi,
  served: Served,
  step: Step,
  how: End,
  name: string,
): Promise<void> {
  const call = await prepareDelete(watched, served, name);
  const look = isAccount(name, 'GET');
  const sending = isAccount(name, 'DELETE');
  const isLook = step === 'during the look' || step === 'right before sending';
  const held = watched.hold(isLook ? look : sending);
  served.say(call);
  if (step === 'before the look') return leave();
  if (step === 'after the answer') held.release();
  await (step === 'after the answer' ? held.answered : held.reached);
  if (step === 'right before sending') held.release();
  leave();

  function leave(): void {
    end(served, how);
    if (step !== 'while waiting, with none') setTimeout(held.release, 150);
  }
}

/** What is wrong between the API's own record and the audit log, in words; empty when they tell the same. */
export async function contradictions(watched: WatchedApi, name: string, how: End): Promise<string[]> {
  const found: string[] = [];
  const lines = watched.lines().filter(({ targets }) => targets.account_id === name);
  const sent = lines.filter(({ phase }) => phase === 'sent');
  const deletes = watched.deletes.filter(({ path }) => path.endsWith(`/${name}`));
  if (deletes.length > 1) found.push('the delete was sent twice');
  if (deletes.some(({ isAnnounced }) => !isAnnounced)) found.push('a delete arrived without an opening line');
  for (const { call } of sent) {
    const closing = lines.filter((line) => line.call === call && line.phase === 'ended');
    if (closing.length > 1) found.push('an opening line has two closing lines');
    if (closing.length === 0 && how !== 'SIGKILL') found.push('an opening line has no closing line');
    const [{ outcome } = { outcome: undefined }] = closing;
    if (outcome === 'ok' && (await exists(watched, name))) found.push('ok, and the account is still there');
    if (outcome === 'ok' && deletes.length === 0) found.push('ok, and nothing arrived');
    if (closing.length > 0 && !['ok', 'cancelled', 'interrupted'].includes(outcome))
      found.push(`the outcome is ${outcome}`);
  }
  if (sent.length === 0 && !(await exists(watched, name))) found.push('deleted without a line');
  return [...found, ...brokenLinks(readFileSync(watched.file, 'utf8'))];
}

/** Where the chain of an audit log is broken. */
export function brokenLinks(text: string): string[] {
  const last = new Map<string, { seq: number; hash: string }>();
  return text
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const { run, seq, prev } = JSON.parse(line);
      const before = last.get(run);
      last.set(run, { seq, hash: createHash('sha256').update(line).digest('hex') });
      if (!before) return seq === 1 ? [] : [`line ${run} ${seq} has none before it`];
      return before.hash === prev && before.seq + 1 === seq ? [] : [`line ${run} ${seq} does not follow`];
    });
}
