import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { type RawProgram, startRaw } from '../e2e/doors.ts';
import { type HttpProgram, startHttpProgram } from '../e2e/http-support.ts';

let program: RawProgram | undefined;
let gateway: HttpProgram | undefined;
let sandbox: Sandbox | undefined;
afterEach(async () => {
  await program?.close();
  await gateway?.close();
  await sandbox?.close();
  program = undefined;
  gateway = undefined;
  sandbox = undefined;
});

const megabyte = 1024 * 1024;
const filler = 'x'.repeat(megabyte);
const poll = { timeout: 30_000, interval: 10 };

async function start(): Promise<RawProgram> {
  sandbox = await startSandbox({ size: 'small' });
  program = startRaw(['--base-url', sandbox.baseUrl], { SYNQLY_TOKEN: sandbox.token });
  return program;
}

async function startBridge(): Promise<RawProgram> {
  sandbox = await startSandbox({ size: 'small' });
  gateway = await startHttpProgram(['--base-url', sandbox.baseUrl]);
  program = startRaw(['connect', gateway.url], { SYNQLY_MCP_TOKEN: sandbox.token });
  return program;
}

function writeLong(to: RawProgram, beginning: string, end: string, megabytes = 11): void {
  to.write(beginning);
  for (let count = 0; count < megabytes; count += 1) to.write(filler);
  to.write(`${end}\n`);
}

const ping = (id: number | string) => `${JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' })}\n`;

test.each([
  ['stdio', start],
  ['the bridge', startBridge],
])('over %s a line over 10 MB costs that one message', async (_, open) => {
  const to = await open();
  writeLong(
    to,
    '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x","arguments":{"id":8,"a":"',
    '"}}}',
  );
  to.write(ping('next'));
  await expect.poll(() => to.messages().length, poll).toBe(2);
  const [refusal] = to.messages().filter(({ id }) => id === 7);
  expect(refusal.error).toMatchObject({
    code: -32_600,
    message: expect.stringContaining('larger than 10 MB'),
  });
  expect(to.messages().find(({ id }) => id === 'next').result).toEqual({});
  expect(to.exitCode()).toBeNull();
});

test.each([
  ['at the end', '{"params":{"id":8,"a":"', '"},"id":"end"}', 'end'],
  [
    'before the method',
    '{"params":{"id":8,"a":"',
    '"},"jsonrpc":"2.0", "id" : 12 ,"method":"tools/call"}',
    12,
  ],
  ['of many digits', '{"id":9007199254740993,"params":{"a":"', '"}}', 9007199254740992],
  ['in a value only', '{"params":{"a":"', '\\"id\\":9}","id":9}}', null],
  ['in a text only', '{"params":{"a":"', ',\\"id\\":9}"}}', null],
  ['in the middle', '{"params":{"a":"', `"},"id":9,"b":"${filler}"}`, null],
  ['that is no id', '{"id":{"id":9},"params":{"a":"', '"}}', null],
])('an id that stands %s', async (_, beginning, end, id) => {
  const to = await start();
  writeLong(to, beginning, end);
  to.write(ping('next'));
  await expect.poll(() => to.messages().length, poll).toBe(2);
  expect(to.messages()[0]).toMatchObject({ id, error: { code: -32_600 } });
  if (beginning.includes('9007199254740993')) expect(to.lines()[0]).toContain('"id":9007199254740993');
});

test('an answer of the client that is too long is not answered', async () => {
  const to = await start();
  writeLong(to, '{"jsonrpc":"2.0","id":0,"result":{"content":"', '"}}');
  to.write(ping('next'));
  await expect.poll(() => to.messages(), poll).toEqual([{ jsonrpc: '2.0', id: 'next', result: {} }]);
});

// Peak memory is told by Linux only.
test.runIf(process.platform === 'linux')(
  'calls that run meanwhile go on, and what is skipped takes no memory',
  async () => {
    const to = await start();
    to.write(
      `${JSON.stringify({ jsonrpc: '2.0', id: 'warm', method: 'tools/call', params: { name: 'organization_get' } })}\n`,
    );
    await expect.poll(() => to.messages().length, poll).toBe(1);
    sandbox?.faults.add({ route: 'organization_get', delay: 1_000, times: 1 });
    to.write(
      `${JSON.stringify({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'organization_get' } })}\n`,
    );
    writeLong(to, '{"jsonrpc":"2.0","id":7,"method":"', '"}', 200);
    to.write(ping('next'));
    await expect.poll(() => to.messages().length, poll).toBe(4);
    expect(to.messages().find(({ id }) => id === 'slow').result.isError).toBeUndefined();
    const status = readFileSync(`/proc/${to.pid}/status`, 'utf8');
    const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
    // Megabytes: 200 were skipped.
    expect(peak).toBeLessThan(220);
  },
);

test('lines just below the bound are served, however they are cut into pieces', async () => {
  const to = await start();
  const text = `{"jsonrpc":"2.0","id":"ünïcödé €","method":"ping","params":{"_meta":{"pad":"${'€'.repeat(3 * megabyte)}"}}}\n`;
  const bytes = Buffer.from(text);
  // Cut inside characters.
  for (let at = 0; at < bytes.length; at += 65_537) to.write(bytes.subarray(at, at + 65_537));
  to.write('\n \r\n\t\n');
  const small = Buffer.from(ping('é'));
  to.write(small.subarray(0, -small.length + 26));
  await new Promise((resolve) => setTimeout(resolve, 50));
  to.write(small.subarray(26));
  await expect.poll(() => to.messages().length, poll).toBe(2);
  expect(to.messages().map(({ id, result }) => [id, result])).toEqual([
    ['ünïcödé €', {}],
    ['é', {}],
  ]);
});
