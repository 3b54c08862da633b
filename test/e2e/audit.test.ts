import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/start.ts';
import { startFakeSynqly } from './fake-synqly.ts';
import { startHttpRig } from './http-support.ts';
import { canary, type Person, type Rig, startProgram, startRig } from './support.ts';

// biome-ignore lint/suspicious/noExplicitAny: lines are compared, not programmed against
type Line = any;

const folder = mkdtempSync(join(tmpdir(), 'audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line.includes('"type":"audit"'))
    .map((line) => JSON.parse(line));
const readLines = (file: string) => linesOf(readFileSync(file, 'utf8'));
const readTexts = (file: string) => readFileSync(file, 'utf8').split('\n').filter(Boolean);
const hashOf = (line: string | undefined) =>
  createHash('sha256')
    .update(line ?? '')
    .digest('hex');
/** Every call has one of these, whether it was sent or not. */
const endingsOf = (lines: Line[]) => lines.filter(({ phase }) => phase !== 'sent');
const readEndings = (file: string) => endingsOf(readLines(file));

describe('in a file', () => {
  const file = join(folder, 'audit.log');
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ args: ['--audit-log', file], sandbox: { size: 'small' } });
  });
  afterAll(() => rig.close());

  test('a read leaves no line', async () => {
    await rig.call('accounts_list');
    await rig.call('mappings_apply', { mappings: ['builtin:identity'], data: {} });
    expect(() => statSync(file)).toThrow();
  });

  test('a call that is carried out leaves two lines, with its caller, its operation and its outcome', async () => {
    await rig.call('accounts_create', { name: 'tern', fullname: canary });
    await rig.call('accounts_update', { account_id: 'tern', fullname: canary });
    const [opened, created, reopened, changed, ...others] = readLines(file);
    expect(others).toEqual([]);
    expect(opened).toMatchObject({ phase: 'sent', operation: 'accounts_create', confirmed_by: 'not needed' });
    expect(opened).not.toHaveProperty('outcome');
    expect(opened).not.toHaveProperty('status');
    expect([created.call, changed.call]).toEqual([opened.call, reopened.call]);
    expect(created.call).not.toBe(changed.call);
    expect(created).toMatchObject({
      phase: 'ended',
      operation: 'accounts_create',
      effect: 'create',
      targets: {},
      client: 'test',
      outcome: 'ok',
      status: 200,
      secrets_revealed: false,
    });
    expect(changed).toMatchObject({
      phase: 'ended',
      operation: 'accounts_update',
      targets: { account_id: 'tern' },
    });
    expect(changed.caller).toMatch(/^[0-9a-f]{8}$/);
    expect(changed.request_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(Math.abs(Date.parse(changed.time) - Date.now())).toBeLessThan(60_000);
  });

  test('a call that is not sent leaves one line, which says so', async () => {
    const before = readLines(file).length;
    await rig.call('accounts_patch', { account_id: 'tern', nonsense: canary });
    await rig.call('accounts_update', { account_id: 'nobody', fullname: canary });
    expect(readLines(file).slice(before)).toMatchObject([
      {
        phase: 'not_sent',
        operation: 'accounts_patch',
        outcome: 'invalid_arguments',
        targets: { account_id: 'tern' },
      },
      // Its object is read first, so that the change itself is not sent.
      { phase: 'not_sent', operation: 'accounts_update', outcome: 'not_found', status: 404 },
    ]);
  });

  test("a line holds the path's ids and names and a hash of the arguments, nothing else of them", async () => {
    const before = readEndings(file).length;
    for (const secret of [canary, canary, `${canary}-other`]) {
      await rig.call('credentials_create', {
        config: { secret, type: 'token' },
        owner_id: 'tern',
        name: 'key',
      });
    }
    const [one, same, other] = readEndings(file).slice(before);
    expect(one.arguments_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(same.arguments_hash).toBe(one.arguments_hash);
    expect(other.arguments_hash).not.toBe(one.arguments_hash);
    const whole = readFileSync(file, 'utf8');
    expect(whole).not.toContain(canary);
    expect(whole).not.toContain(rig.sandbox.token);
  });

  test('a secret in place of an id is not written', async () => {
    await rig.call('tokens_refresh', { refresh_token_id: rig.sandbox.token });
    await rig.call('tokens_refresh', { refresh_token_id: canary.repeat(8) });
    const whole = readFileSync(file, 'utf8');
    expect(whole).not.toContain(rig.sandbox.token);
    expect(whole).not.toContain(canary);
  });

  test('can be read by its owner only, and is reopened after a rotation', async () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const rotated = `${file}.1`;
    const before = readLines(file).length;
    renameSync(file, rotated);
    await rig.call('accounts_update', { account_id: 'tern', fullname: 'After rotation' });
    expect(readLines(rotated)).toHaveLength(before);
    const [first, second] = readLines(file);
    expect([first.phase, second.phase]).toEqual(['sent', 'ended']);
    expect(first.prev).toBe(hashOf(readTexts(rotated).at(-1)));
  });

  test('has separate lines for calls that run at the same time', async () => {
    const before = readEndings(file).length;
    const names = Array.from({ length: 20 }, (_, index) => `at-once-${index}`);
    await Promise.all(names.map((name) => rig.call('accounts_create', { name })));
    const added = readEndings(file).slice(before);
    expect(new Set(added.map(({ call }) => call)).size).toBe(names.length);
    expect(readLines(file)).toHaveLength(2 * (before + names.length));
  });
});

test('while the file cannot be written, only reads are sent', async () => {
  const rig = await startRig({ args: ['--audit-log', join(folder, 'missing', 'audit.log')] });
  const { json, isError } = await rig.call('accounts_create', { name: 'tern' });
  expect(isError).toBe(true);
  expect(json.error).toMatchObject({ code: 'audit_unavailable', retry: 'safe' });
  expect(rig.exchanges).toEqual([]);
  expect((await rig.call('accounts_list')).isError).toBe(false);
  await rig.close();
});

test('a line that cannot be written is kept, and later writes wait until it is written', async () => {
  const file = join(folder, 'kept.log');
  const rig = await startRig({ args: ['--audit-log', file] });
  await rig.call('accounts_create', { name: 'one' });
  rig.sandbox.faults.add({ route: 'accounts_create', delay: 300, times: 1 });
  const running = rig.call('accounts_create', { name: 'two' });
  await new Promise((resolve) => setTimeout(resolve, 100));
  renameSync(file, `${file}.1`);
  mkdirSync(file);
  expect((await running).isError).toBe(false);
  const sent = rig.exchanges.length;
  expect((await rig.call('accounts_create', { name: 'three' })).json.error?.code).toBe('audit_unavailable');
  expect(rig.exchanges).toHaveLength(sent);
  rmdirSync(file);
  expect((await rig.call('accounts_create', { name: 'four' })).isError).toBe(false);
  expect(readLines(file).map(({ phase, outcome }) => [phase, outcome])).toEqual([
    ['ended', 'ok'],
    ['not_sent', 'audit_unavailable'],
    ['sent', undefined],
    ['ended', 'ok'],
  ]);
  await rig.close();
});

test('on a full disk only reads are sent', {
  skip: !existsSync('/dev/full'),
}, async () => {
  const rig = await startRig({ args: ['--audit-log', '/dev/full'] });
  for (const name of ['one', 'two']) {
    const { json } = await rig.call('accounts_create', { name });
    expect(json.error).toMatchObject({ code: 'audit_unavailable', retry: 'safe' });
  }
  expect(rig.exchanges).toEqual([]);
  expect((await rig.call('accounts_list')).isError).toBe(false);
  await rig.close();
  expect(rig.stderr()).toMatch(/"operation":"accounts_create".*could not write a line/);
});

test('a line tells how a call was confirmed, or that it was not', async () => {
  const file = join(folder, 'confirmed.log');
  const rig = await startRig({ args: ['--audit-log', file] });
  const make = (name: string) => rig.call('accounts_create', { name });
  await make('tern');
  const { json } = await rig.call('accounts_delete', { account_id: 'tern' });
  for (const time of ['first', 'again']) {
    await rig.call('confirm_call', { id: json.error.confirmation.id });
    await make(time);
  }
  const answers: Person[] = [
    async () => ({ action: 'decline' }),
    async () => ({ action: 'accept', content: { name: 'first' } }),
  ];
  const asking = await startProgram(
    ['--base-url', rig.sandbox.baseUrl, '--audit-log', file],
    { SYNQLY_TOKEN: rig.sandbox.token },
    (question) => (answers.shift() as Person)(question),
  );
  await asking.call('accounts_delete', { account_id: 'first' });
  await asking.call('accounts_delete', { account_id: 'first' });
  await asking.close();
  await rig.close();
  const told = readEndings(file).filter(({ effect }) => effect === 'destroy');
  expect(told.map(({ operation, confirmed_by, outcome }) => [operation, confirmed_by, outcome])).toEqual([
    ['accounts_delete', undefined, 'confirmation_required'],
    ['accounts_delete', 'confirm_call', 'ok'],
    ['confirm_call', undefined, 'confirmation_unknown'],
    ['accounts_delete', undefined, 'confirmation_declined'],
    ['accounts_delete', 'person', 'ok'],
  ]);
  const [asked, done] = told;
  expect(done.arguments_hash).toBe(asked.arguments_hash);
});

test("reads before a call's own request do not count as sending it", async () => {
  const file = join(folder, 'looked-up.log');
  const store = ['--token-store', join(folder, 'tokens')];
  const rig = await startRig({ args: ['--audit-log', file, '--reveal-secrets', ...store] });
  await rig.call('accounts_create', { name: 'tern' });
  const makeFor = (account_id: string) =>
    rig.call('tokens_create_mcp_token', { token_ttl: '1h', scope: { type: 'management', account_id } });
  await makeFor('nobody');
  await makeFor('tern');
  await rig.call('accounts_update', { account_id: 'nobody', fullname: 'Nobody' });
  await rig.close();
  const told = readLines(file).map(({ operation, phase, outcome }) => [operation, phase, outcome]);
  expect(told.slice(2)).toEqual([
    ['tokens_create_mcp_token', 'not_sent', 'not_found'],
    ['tokens_create_mcp_token', 'sent', undefined],
    ['tokens_create_mcp_token', 'ended', 'ok'],
    ['accounts_update', 'not_sent', 'not_found'],
  ]);
});

test('a call that is repeated with a renewed token has one pair of lines', async () => {
  const file = join(folder, 'renewed.log');
  const tokenFile = join(folder, 'token');
  const sandbox = await startSandbox();
  writeFileSync(tokenFile, `no-longer-good-${canary}`);
  const api = await startFakeSynqly(({ headers }) => {
    if (headers.authorization === `Bearer ${sandbox.token}`) return undefined;
    writeFileSync(tokenFile, sandbox.token);
    return { status: 401, json: { status: 401, message: 'unauthorized' } };
  }, sandbox.baseUrl);
  const program = await startProgram(['--base-url', api.url, '--audit-log', file], {
    SYNQLY_TOKEN_FILE: tokenFile,
    SYNQLY_PERMISSIONS: 'ignore',
  });
  expect((await program.call('accounts_create', { name: 'tern' })).isError).toBe(false);
  expect(api.requests.filter(({ method }) => method === 'POST')).toHaveLength(2);
  await program.close();
  api.close();
  await sandbox.close();
  expect(readLines(file).map(({ phase }) => phase)).toEqual(['sent', 'ended']);
});

test('without a file the lines go to stderr, whatever the log level is', async () => {
  const rig = await startRig({ args: ['--log-level', 'silent', '--reveal-secrets'] });
  await rig.call('accounts_create', { name: 'tern' });
  await rig.close();
  expect(linesOf(rig.stderr())).toMatchObject(
    ['sent', 'ended'].map((phase) => ({ phase, operation: 'accounts_create', secrets_revealed: true })),
  );
});

test('a call refused by read-only leaves a line', async () => {
  const rig = await startRig({ args: ['--read-only'] });
  await rig.call('accounts_delete', { account_id: 'tern' });
  await rig.close();
  expect(linesOf(rig.stderr())).toMatchObject([
    { operation: 'accounts_delete', targets: { account_id: 'tern' }, outcome: 'read_only' },
  ]);
});

test('over HTTP each line has the caller and, if there is one, the session', async () => {
  const file = join(folder, 'http.log');
  const rig = await startHttpRig({ args: ['--audit-log', file, '--sessions'] });
  const other = await rig.makeToken({
    name: 'other',
    permission_set: 'administrator',
    resources: { accounts: { ids: ['*'] } },
  });
  for (const token of [rig.sandbox.token, other.secret]) {
    const client = await rig.connect(token);
    await client.callTool({ name: 'accounts_create', arguments: {} });
    await client.close();
  }
  const [one, two] = readEndings(file);
  expect(one.session).toMatch(/^[0-9a-f-]{36}$/);
  expect(one.session).not.toBe(two.session);
  expect(one.caller).toMatch(/^[0-9a-f]{8}$/);
  expect(one.caller).not.toBe(two.caller);
  expect(one.client).toBe('test');
  await rig.close();
});
