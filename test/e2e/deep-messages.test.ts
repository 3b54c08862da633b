import { afterAll, describe, expect, test, vi } from 'vitest';
import { startSandbox } from '../../src/sandbox/start.ts';
import { startRaw } from './doors.ts';
import { startHttpProgram } from './http-support.ts';

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const sandbox = await startSandbox({ size: 'small' });
closing.push(sandbox.close);

describe.each([
  ['stdio', async () => startRaw(['--base-url', sandbox.baseUrl], { SYNQLY_TOKEN: sandbox.token })],
  [
    'the bridge',
    async () => {
      const gateway = await startHttpProgram(['--base-url', sandbox.baseUrl]);
      closing.push(gateway.close);
      return startRaw(['connect', gateway.url], { SYNQLY_MCP_TOKEN: sandbox.token });
    },
  ],
])('over %s', (_, start) => {
  test('messages nested 100,000 levels deep do not end the program, and those with an id are answered', async () => {
    const program = await start();
    closing.push(program.close);
    for (const method of ['notifications/progress', 'notifications/cancelled', 'notifications/other'])
      program.write(`{"jsonrpc":"2.0","method":"${method}","params":{"x":${deep}}}\n`);
    program.write(`{"jsonrpc":"2.0","id":7,"result":{"x":${deep}}}\n`);
    program.write(`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":${deep}}}\n`);
    program.write('{"jsonrpc":"2.0","id":2,"method":"ping"}\n');
    const answered = () => program.messages().map(({ id }) => id);
    await vi.waitUntil(() => answered().includes(1) && answered().includes(2), { timeout: 30_000 });
    expect(program.exitCode()).toBeNull();
    const [refused] = program.messages().filter(({ id }) => id === 1);
    expect(JSON.stringify(refused)).not.toMatch(/call stack|RangeError/);
  });
});
