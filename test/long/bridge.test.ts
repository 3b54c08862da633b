import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from '../e2e/http-support.ts';
import { builtCli, canary, cleanEnvironment, type Program, startProgram, toolCount } from '../e2e/support.ts';

let rig: HttpRig | undefined;
let program: Program | undefined;
afterEach(async () => {
  await program?.close();
  await rig?.close();
  rig = undefined;
  program = undefined;
});

async function connect(args: string[] = []): Promise<{ rig: HttpRig; program: Program }> {
  rig = await startHttpRig({ args });
  program = await startProgram(['connect', rig.url], { SYNQLY_MCP_TOKEN: rig.sandbox.token });
  return { rig, program };
}

describe.each([
  ['without sessions', []],
  ['with sessions', ['--sessions']],
])('a gateway %s', (_, args) => {
  test('serves a stdio client tools, calls, resources and completion', async () => {
    const { program, rig } = await connect(args);
    expect((await program.client.listTools()).tools).toHaveLength(toolCount);
    expect((await program.call('accounts_list', { limit: 1 })).json.result).toHaveLength(1);
    const { contents } = await program.client.readResource({ uri: 'synqly://status/timeseries' });
    expect(contents).toHaveLength(1);
    const { json } = await program.call('accounts_get', { account_id: 'nobody' });
    expect(json.error.code).toBe('not_found');
    await expect(program.client.callTool({ name: 'nothing' })).rejects.toMatchObject({ code: -32602 });
    expect(program.stderr()).not.toContain(rig.sandbox.token);
  });
});

test('calls run at the same time, each with its own answer', async () => {
  const { program, rig } = await connect();
  const names = Array.from({ length: 30 }, (_, index) => `berth-${index}`);
  await Promise.all(names.map((name) => program.call('accounts_create', { name })));
  const answers = await Promise.all(names.map((name) => program.call('accounts_get', { account_id: name })));
  expect(answers.map(({ json }) => json.result.name)).toEqual(names);
  expect(rig.sandbox.state.collections.account.find('berth-7')).toBeDefined();
});

test('a cancelled call is cancelled at Synqly', async () => {
  const { program, rig } = await connect(['--log-level', 'info']);
  await program.call('organization_get');
  rig.sandbox.faults.add({ route: 'accounts_list', hang: true });
  const cancel = new AbortController();
  const call = program.client.callTool({ name: 'accounts_list' }, undefined, { signal: cancel.signal });
  const metrics = async () => (await fetch(`${rig.origin}/metrics`)).text();
  call.catch(() => {});
  await expect.poll(metrics).toMatch(/synqly_mcp_requests_in_flight [1-9]/);
  cancel.abort();
  await expect(call).rejects.toThrow();
  await expect.poll(() => rig.stderr()).toMatch(/"tool":"accounts_list","outcome":"cancelled"/);
});

test('an unknown token is reported without repeating it', async () => {
  rig = await startHttpRig();
  await expect(startProgram(['connect', rig.url], { SYNQLY_MCP_TOKEN: canary })).rejects.toThrow(
    /SYNQLY_MCP_TOKEN/,
  );
});

test('calls fail only while the gateway is down', async () => {
  const { program, rig: first } = await connect();
  const port = new URL(first.url).port;
  const gone = new Promise((resolve) => first.child.once('exit', resolve));
  first.child.kill('SIGTERM');
  await gone;
  await expect(program.client.callTool({ name: 'organization_get' })).rejects.toMatchObject({
    code: -32_000,
    message: expect.stringContaining('Could not reach the gateway'),
  });
  const second = await startHttpRig({ args: ['--port', port], baseUrl: first.sandbox.baseUrl });
  expect((await program.call('organization_get')).isError).toBe(false);
  await second.close();
});

test('connect does not start without a token, or over plain http to another machine', () => {
  const run = (url: string, env: Record<string, string>) =>
    spawnSync(process.execPath, [builtCli, 'connect', url], {
      env: cleanEnvironment(env),
      input: '',
      encoding: 'utf8',
    });
  expect(run('https://gateway.example.com/mcp', {})).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('SYNQLY_MCP_TOKEN'),
  });
  expect(run('http://gateway.example.com/mcp', { SYNQLY_MCP_TOKEN: canary })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('The URL of the server must begin with https'),
  });
});
