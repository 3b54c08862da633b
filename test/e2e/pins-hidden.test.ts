import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { makeFolder, makeMcpToken, startGateway } from './gateway-support.ts';
import { postTo, startHttpProgram } from './http-support.ts';
import { hiddenUnder } from './pins-calls.ts';
import { type Program, startProgram } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'hidden-'));
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ size: 'small' });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await sandbox.close();
});

// biome-ignore lint/suspicious/noExplicitAny: lines are compared, not programmed against
const linesIn = (file: string): any[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe.each(['full', 'compact'] as const)('on the %s surface', (surface) => {
  const file = join(folder, `${surface}.log`);
  const hidden = hiddenUnder('environment').filter((id) => !/_list|_get/.test(id));
  let program: Program;
  beforeAll(async () => {
    const args = ['--base-url', sandbox.baseUrl, '--environment', 'test', '--audit-log', file];
    program = await startProgram([...args, '--surface', surface], {
      SYNQLY_TOKEN: sandbox.token,
      SYNQLY_PERMISSIONS: 'ignore',
    });
  });
  afterAll(() => program.close());

  test('a call hidden by pins leaves one audit line, and its error reveals nothing', async () => {
    const id = { member_id: 'm', role_id: 'r' };
    for (const tool of hidden) {
      if (surface === 'full') {
        await expect(program.call(tool, id)).rejects.toMatchObject({ code: -32602 });
        continue;
      }
      for (const runner of ['run_read', 'run_write', 'run_destroy']) {
        const { json } = await program.call(runner, { operation: tool, arguments: id });
        expect(json.error.code).toBe('unknown_operation');
      }
    }
    const writing = hidden.filter((tool) => tool !== 'mappings_apply');
    const lines = linesIn(file);
    const each = surface === 'full' ? 1 : 3;
    expect(lines.map(({ operation }) => operation)).toEqual(
      writing.flatMap((tool) => Array(each).fill(tool)),
    );
    for (const line of lines) expect(line).toMatchObject({ phase: 'not_sent', outcome: 'outside_pin' });
    expect(lines.find(({ operation }) => operation === 'members_delete')).toMatchObject({
      effect: 'destroy',
      targets: { member_id: 'm' },
    });
  });

  test('an unknown tool leaves no audit line, an operation called as a tool leaves one', async () => {
    const before = linesIn(file).length;
    await expect(program.call('nonsense_delete')).rejects.toMatchObject({ code: -32602 });
    expect(linesIn(file)).toHaveLength(before);
    if (surface === 'full') return;
    await expect(program.call('accounts_delete', { account_id: 'a' })).rejects.toMatchObject({
      code: -32602,
    });
    expect(linesIn(file).slice(before)).toMatchObject([
      { operation: 'accounts_delete', outcome: 'unknown_operation', targets: { account_id: 'a' } },
    ]);
  });
});

describe('over HTTP the name of a pinned account means the same account while the server runs', () => {
  const rename = async (id: string, name: string) => {
    const { collections } = sandbox.state;
    collections.account.replace({ ...collections.account.get(id), name });
  };
  const plantTwo = async (name: string) => {
    const make = async (one: string) =>
      (await postTo(sandbox, '/v1/accounts', { name: one, environment: 'test' })).result.account.id as string;
    return [await make(name), await make(`${name}-other`)] as const;
  };
  const swap = async (first: string, second: string, name: string) => {
    await rename(first, `${name}-former`);
    await rename(second, name);
  };

  test.each(['direct', 'gateway'])('given to the server with --account, %s', async (mode) => {
    const name = `pinned-${mode}`;
    const [first, second] = await plantTwo(name);
    const store = await makeFolder();
    const flags = ['--account', name, '--confirm', 'never'];
    const server =
      mode === 'gateway'
        ? await startGateway(sandbox, store.named, flags)
        : await startHttpProgram(['--base-url', sandbox.baseUrl, ...flags]);
    const bearers = async (): Promise<string> =>
      mode === 'gateway'
        ? (await makeMcpToken(sandbox, store.named, '--environment', 'test')).token
        : (
            await postTo(sandbox, '/v1/tokens', {
              permission_set: 'administrator',
              resources: { accounts: { ids: ['*'] } },
            })
          ).result.primary.access.secret;
    const [one, other] = [await bearers(), await bearers()];
    expect((await server.call(one, 'accounts_get')).result.id).toBe(first);
    await swap(first, second, name);
    for (const bearer of [one, other, one]) {
      expect((await server.call(bearer, 'accounts_get')).result.id).toBe(first);
      const changed = await server.call(bearer, 'accounts_update', { fullname: `By ${bearer.length}` });
      expect(changed.result.id).toBe(first);
    }
    expect(sandbox.state.collections.account.get(second)).not.toHaveProperty('fullname', /^By/);
    await server.close();
    await store.close();
  });

  test('given by a client in a header, for that client', async () => {
    const name = 'pinned-by-header';
    const [first, second] = await plantTwo(name);
    const server = await startHttpProgram(['--base-url', sandbox.baseUrl, '--confirm', 'never']);
    const ask = async () => {
      const response = await server.post(
        { method: 'tools/call', params: { name: 'accounts_get', arguments: {} } },
        { authorization: `Bearer ${sandbox.token}`, 'synqly-account': name },
      );
      const { result } = (await response.json()) as { result: { content: { text: string }[] } };
      return JSON.parse(result.content[0]?.text ?? '').result.id;
    };
    expect(await ask()).toBe(first);
    await swap(first, second, name);
    expect(await ask()).toBe(first);
    await server.close();
  });
});
