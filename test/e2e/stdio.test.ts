import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { builtCli, cleanEnvironment } from './support.ts';

/** The built program, driven line by line. */
function spawnCli(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [builtCli, ...args], { env: cleanEnvironment(env) });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const hello = () => {
    const clientInfo = { name: 'test', version: '1' };
    say({
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
    });
    say({ method: 'notifications/initialized' });
  };
  const messages = () =>
    output.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  started.push(child);
  return { child, output, exited, say, hello, messages };
}

const started: ChildProcess[] = [];
let sandbox: Sandbox | undefined;
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  await sandbox?.close();
  sandbox = undefined;
});

async function connectToSandbox() {
  sandbox = await startSandbox();
  const program = spawnCli(['--base-url', sandbox.baseUrl, '--timeout', '55'], {
    SYNQLY_TOKEN: sandbox.token,
  });
  program.hello();
  await expect.poll(() => program.messages().length).toBe(1);
  return { ...program, sandbox };
}

describe('the process ends', () => {
  test('when stdin ends, with what was asked before still answered', async () => {
    const program = spawnCli(['--sandbox']);
    program.hello();
    program.say({ id: 1, method: 'tools/call', params: { name: 'organization_get', arguments: {} } });
    program.child.stdin.end();
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.messages().map(({ id }) => id)).toEqual([0, 1]);
    expect(program.messages()[1].result.isError).toBeUndefined();
  });

  test('when stdin ends while a call hangs, which is then cancelled', { timeout: 40_000 }, async () => {
    const program = await connectToSandbox();
    program.sandbox.faults.add({ hang: true });
    program.say({ id: 1, method: 'tools/call', params: { name: 'organization_get' } });
    // A call may take longer than this test.
    program.child.stdin.end();
    expect(await program.exited).toEqual({ code: 0, signal: null });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('on %s, letting a running call finish', async (signal) => {
    const program = await connectToSandbox();
    program.sandbox.faults.add({ delay: 500, times: 1 });
    program.say({ id: 1, method: 'tools/call', params: { name: 'organization_get' } });
    await new Promise((resolve) => setTimeout(resolve, 200));
    program.child.kill(signal);
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.messages().at(-1)).toMatchObject({ id: 1, result: { content: [{ type: 'text' }] } });
  });

  test('on SIGTERM while idle, with the embedded sandbox running', async () => {
    const program = spawnCli(['--sandbox']);
    program.hello();
    program.say({ id: 1, method: 'tools/call', params: { name: 'organization_get' } });
    await expect.poll(() => program.messages().length).toBe(2);
    const begun = performance.now();
    program.child.kill('SIGTERM');
    expect(await program.exited).toEqual({ code: 0, signal: null });
    // A running call would get ten seconds.
    expect(performance.now() - begun).toBeLessThan(9_500);
  });

  test('when the client stops reading', async () => {
    const program = await connectToSandbox();
    program.child.stdout.destroy();
    program.say({ id: 1, method: 'tools/call', params: { name: 'organization_get' } });
    program.child.stdin.end();
    expect((await program.exited).signal).toBeNull();
  });
});

test('only protocol messages are written to stdout; the log goes to stderr, as JSON, one line a call', async () => {
  const program = await connectToSandbox();
  program.say({ id: 1, method: 'tools/call', params: { name: 'organization_get' } });
  program.say({
    id: 2,
    method: 'tools/call',
    params: { name: 'accounts_get', arguments: { account_id: 'nobody' } },
  });
  await expect.poll(() => program.messages().length).toBe(3);
  for (const message of program.messages()) expect(message.jsonrpc).toBe('2.0');
  const logged = () =>
    program.output.stderr
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const calls = () => logged().filter(({ msg }) => msg === 'call');
  await expect.poll(() => calls().length).toBe(2);
  expect(calls().map(({ tool, outcome, status }) => ({ tool, outcome, status }))).toEqual([
    { tool: 'organization_get', outcome: 'ok', status: 200 },
    { tool: 'accounts_get', outcome: 'not_found', status: 404 },
  ]);
});

test('a line that is no message is logged and refused, and the next is served', async () => {
  const program = await connectToSandbox();
  program.child.stdin.write('this is not JSON\n');
  program.say({ id: 1, method: 'ping' });
  await expect.poll(() => program.messages().length).toBe(3);
  expect(program.messages()[1]).toMatchObject({ id: null, error: { code: -32_700 } });
  await expect.poll(() => program.output.stderr).toContain('could not parse');
});

describe('the command line', () => {
  const run = (args: string[], env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [builtCli, ...args], {
      env: cleanEnvironment(env),
      input: '',
      encoding: 'utf8',
    });

  test('without a token and without --sandbox it refuses to start and names both', () => {
    const { status, stderr, stdout } = run([]);
    expect(status).toBe(2);
    expect(stderr).toContain('SYNQLY_TOKEN');
    expect(stderr).toContain('--sandbox');
    expect(stdout).toBe('');
  });

  test.each([
    ['http to another machine', ['--base-url', 'http://synqly.example.com'], '--base-url'],
    ['a base URL with a password', ['--base-url', 'https://user:pw@synqly.example.com'], '--base-url'],
    ['an unknown region', ['--region', 'mars'], '--region'],
    ['a deadline above 55 s', ['--timeout', '60'], '--timeout'],
    ['the sandbox together with a real Synqly', ['--sandbox', '--region', 'eu'], '--sandbox'],
    ['an unknown flag', ['--sandbocks'], '--sandbocks'],
  ])('%s is refused, and the setting named', (_, args, named) => {
    const { status, stderr } = run(args, { SYNQLY_TOKEN: 'some-token' });
    expect(status).not.toBe(0);
    expect(stderr).toContain(named);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('a token that cannot stand in a header is refused, and not repeated', () => {
    const { status, stderr } = run([], { SYNQLY_TOKEN: 'two words' });
    expect(status).toBe(2);
    expect(stderr).toContain('SYNQLY_TOKEN');
    expect(stderr).not.toContain('two words');
  });

  test('a setting from the environment is refused under the name it was given', () => {
    const { status, stderr } = run(['--sandbox'], { SYNQLY_TIMEOUT: 'soon' });
    expect(status).toBe(2);
    expect(stderr).toContain('SYNQLY_TIMEOUT');
  });

  test('--version and --help answer', () => {
    expect(run(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run(['--help']).stdout).toMatch(/--sandbox[\s\S]*SYNQLY_TOKEN_FILE/);
  });
});

describe('synqly-mcp sandbox', () => {
  test('--json prints base URL and token as one line, and both work', async () => {
    const program = spawnCli(['sandbox', '--port', '0', '--json']);
    await expect.poll(() => program.output.stdout).toMatch(/\n$/);
    const printed = JSON.parse(program.output.stdout);
    expect(Object.keys(printed)).toEqual(['base_url', 'token']);
    const response = await fetch(`${printed.base_url}/v1/organization`, {
      headers: { authorization: `Bearer ${printed.token}` },
    });
    expect(response.status).toBe(200);
    program.child.kill('SIGTERM');
    expect(await program.exited).toEqual({ code: 0, signal: null });
  });

  test('listens on the port it is told', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    const program = spawnCli(['sandbox', '--port', String(port), '--json']);
    await expect.poll(() => program.output.stdout).toMatch(/\n$/);
    expect(JSON.parse(program.output.stdout).base_url).toBe(`http://127.0.0.1:${port}`);
  });

  test('takes a size, a seed and faults', async () => {
    const program = spawnCli([
      'sandbox',
      '--json',
      '--size',
      '3',
      '--seed',
      '7',
      '--fault',
      'accounts_list:status=503',
    ]);
    await expect.poll(() => program.output.stdout).toMatch(/\n$/);
    const { base_url, token } = JSON.parse(program.output.stdout);
    const response = await fetch(`${base_url}/v1/accounts`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(503);
  });

  test('a fault that makes no sense is refused', async () => {
    const program = spawnCli(['sandbox', '--fault', 'nowhere:status=503']);
    expect((await program.exited).code).toBe(2);
    expect(program.output.stderr).toContain('nowhere');
    expect(program.output.stderr).not.toMatch(/\n\s+at /);
  });
});
