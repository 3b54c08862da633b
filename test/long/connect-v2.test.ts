import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterEach, describe, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from '../e2e/http-support.ts';
import { builtCli, cleanEnvironment, toolCount } from '../e2e/support.ts';

let rig: HttpRig | undefined;
let client: Client | undefined;
let child: number | null = null;
afterEach(async () => {
  await client?.close();
  await rig?.close();
  rig = undefined;
  client = undefined;
});

async function connectV2(url: string, token: string): Promise<Client> {
  client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [builtCli, 'connect', url],
    env: cleanEnvironment({ SYNQLY_MCP_TOKEN: token }),
    stderr: 'pipe',
  });
  await client.connect(transport);
  child = transport.pid;
  return client;
}

async function connect(args: string[] = []): Promise<{ rig: HttpRig; client: Client }> {
  rig = await startHttpRig({ args });
  return { rig, client: await connectV2(rig.url, rig.sandbox.token) };
}

const jsonOf = (result: { content?: unknown }) =>
  JSON.parse((result.content as { text: string }[])[0]?.text ?? '');

describe.each([
  ['without sessions', []],
  ['with sessions', ['--sessions']],
])('a gateway %s', (_, args) => {
  test('serves a stdio client of revision 2026-07-28', async () => {
    const { client, rig } = await connect(args);
    expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
    expect((await client.listTools()).tools).toHaveLength(toolCount);
    const name = 'Größe 9007199254740993';
    const created = await client.callTool({
      name: 'accounts_create',
      arguments: { name: 'berth', fullname: name },
    });
    expect(created.isError).toBeFalsy();
    expect(rig.sandbox.state.collections.account.find('berth')).toMatchObject({ fullname: name });
    const { contents } = await client.readResource({ uri: 'synqly://status/timeseries' });
    expect(contents).toHaveLength(1);
    const missing = await client.callTool({ name: 'accounts_get', arguments: { account_id: 'nobody' } });
    expect(jsonOf(missing).error.code).toBe('not_found');
  });
});

test.each(['nothing', ' nothing', 'nöthing', '=?base64?eA==?=', 'x'.repeat(2_000)])(
  'the name %j passes through the headers',
  async (name) => {
    const { client } = await connect();
    await expect(client.callTool({ name })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining(`Unknown tool: ${name.slice(0, 100)}`),
    });
  },
);

test('a cancelled call is cancelled at Synqly', async () => {
  const { client, rig } = await connect(['--log-level', 'info']);
  rig.sandbox.faults.add({ route: 'accounts_list', hang: true });
  const cancel = new AbortController();
  const call = client.callTool({ name: 'accounts_list' }, { signal: cancel.signal });
  call.catch(() => {});
  const metrics = async () => (await fetch(`${rig.origin}/metrics`)).text();
  await expect.poll(metrics).toMatch(/synqly_mcp_requests_in_flight [1-9]/);
  cancel.abort();
  await expect(call).rejects.toThrow();
  await expect.poll(() => rig.stderr()).toMatch(/"tool":"accounts_list","outcome":"cancelled"/);
});

test('a call fails with what to do while the gateway is down', async () => {
  const { client, rig } = await connect();
  const gone = new Promise((resolve) => rig.child.once('exit', resolve));
  rig.child.kill('SIGTERM');
  await gone;
  await expect(client.callTool({ name: 'organization_get' })).rejects.toMatchObject({
    code: -32_000,
    message: expect.stringContaining('Could not reach the gateway'),
  });
});

test('a refused token is reported', async () => {
  const { rig } = await connect();
  await client?.close();
  await expect(connectV2(rig.url, 'another-token')).rejects.toThrow();
});

test('a subscription has the id of the client, and does not keep the process', async () => {
  const { client } = await connect();
  // Another request first: the gateway sees other numbers than the client.
  await client.listTools();
  const subscription = await client.listen({ toolsListChanged: true });
  expect(subscription.honoredFilter).toEqual({ toolsListChanged: true });
  await client.close();
  await expect.poll(() => isRunning(child)).toBe(false);
});

function isRunning(pid: number | null): boolean {
  try {
    return pid !== null && process.kill(pid, 0);
  } catch {
    return false;
  }
}
