import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from '../e2e/http-support.ts';
import { builtCli, cleanEnvironment } from '../e2e/support.ts';

interface Listed {
  readonly name: string;
  readonly _meta?: Record<string, unknown> | undefined;
}

const asks = { 'anthropic/requiresUserInteraction': true };
const isLoaded = { 'anthropic/alwaysLoad': true };
const expected = {
  full: { accounts_list: isLoaded, confirm_call: asks, whoami: isLoaded },
  compact: { find_operations: isLoaded, confirm_call: asks, whoami: isLoaded },
};

/** The answers of a server over stdio to a client that calls itself so. */
function ask(client: string, flags: string[], requests: object[], env = {}) {
  const clientInfo = { name: client, version: '1' };
  const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const messages = [{ method: 'initialize', params: hello }, ...requests];
  const input = messages.map((one, id) => `${JSON.stringify({ jsonrpc: '2.0', id, ...one })}\n`).join('');
  const options = { input, env: cleanEnvironment(env), encoding: 'utf8' } as const;
  const { stdout } = spawnSync(process.execPath, [builtCli, '--sandbox', ...flags], options);
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return answers
    .sort((one, other) => one.id - other.id)
    .slice(1)
    .map(({ result }) => result);
}

function listed(flags: string[], env = {}): Listed[] {
  return ask('test', flags, [{ method: 'tools/list' }], env)[0].tools;
}

const metaOf = (tools: Listed[]) =>
  Object.fromEntries(tools.flatMap(({ name, _meta }) => (_meta ? [[name, _meta]] : [])));

describe.each(['full', 'compact'] as const)('on the surface %s', (surface) => {
  const flags = ['--surface', surface];

  test('confirm_call asks the person, and the few tools that find others are loaded at the start', () => {
    expect(metaOf(listed(flags))).toEqual(expected[surface]);
  });

  test.each([
    ['--tool-meta off', ['--tool-meta', 'off'], {}],
    ['SYNQLY_TOOL_META', [], { SYNQLY_TOOL_META: 'off' }],
  ])('%s leaves it out, and nothing else', (_, off, env) => {
    const without = listed([...flags, ...off], env);
    expect(metaOf(without)).toEqual({});
    expect(without).toEqual(listed(flags).map(({ _meta, ...tool }) => tool));
  });
});

test('a position of the switch that does not exist is refused', () => {
  const { stderr, status } = spawnSync(process.execPath, [builtCli, '--tool-meta', 'some'], {
    encoding: 'utf8',
  });
  expect({ stderr, status }).toMatchObject({
    stderr: expect.stringContaining('must be one of on, off'),
    status: 2,
  });
});

describe('over HTTP', () => {
  let rig: HttpRig;
  beforeAll(async () => {
    rig = await startHttpRig({ sandbox: { size: 'small' } });
  });
  afterAll(() => rig.close());

  test('the list has it too', async () => {
    const client = await rig.connect(rig.sandbox.token);
    const { tools } = await client.listTools();
    expect(metaOf(tools)).toEqual(expected.full);
    await client.close();
  });

  test('a call to be confirmed names the setting, since the client is not known', async () => {
    const { error } = await rig.call(rig.sandbox.token, 'accounts_delete', {
      account_id: 'aldermere-logistics',
    });
    expect(error.next).toContain('--tool-meta off');
  });
});

describe('a call to be confirmed', () => {
  const params = { name: 'accounts_delete', arguments: { account_id: 'aldermere-logistics' } };
  const next = (client: string, ...flags: string[]): string => {
    const [{ content }] = ask(client, flags, [{ method: 'tools/call', params }]);
    const { error } = JSON.parse(content[0].text);
    expect(error.code).toBe('confirmation_required');
    expect(error.next).toMatch(/^Nothing was sent\. Show confirmation\.preview/);
    return error.next;
  };

  test('names the setting to Claude Code, which denies confirm_call where nobody can answer', () => {
    expect(next('claude-code')).toContain('--tool-meta off');
  });

  test('does not name it to other clients, nor where it is already off', () => {
    expect(next('cursor')).not.toContain('--tool-meta');
    expect(next('claude-code', '--tool-meta', 'off')).not.toContain('--tool-meta');
  });
});
