import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { initialize } from '../e2e/doors.ts';
import { pause } from '../e2e/endings-support.ts';
import { type HttpRig, startHttpRig } from '../e2e/http-support.ts';
import { builtCli, cleanEnvironment } from '../e2e/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'orphans-'));

/** Starts the program on its own pipes and waits, as `npx` does; with a shell between them where it is asked to. */
const wrapper = join(folder, 'wrapper.cjs');
writeFileSync(
  wrapper,
  `const { spawn } = require('node:child_process');
   const program = [process.execPath, ...process.argv.slice(2)];
   // A shell replaces itself by the last command.
   const [command, ...args] = process.env.SHELL_BETWEEN ? ['sh', '-c', '"$@"; exit', 'sh', ...program] : program;
   const child = spawn(command, args, { stdio: 'inherit' });
   require('node:fs').writeFileSync(process.env.PID_FILE, String(child.pid));
   setInterval(() => {}, 60_000);`,
);

/** Counts the turns of the event loop, which a process that spins takes without end. */
const counter = join(folder, 'counter.cjs');
writeFileSync(
  counter,
  `const { writeFileSync } = require('node:fs');
   const { performance } = require('node:perf_hooks');
   const write = () => writeFileSync(process.env.COUNT_FILE, String(performance.nodeTiming.uvMetricsInfo.loopCount));
   process.on('SIGUSR2', write);
   process.on('exit', write);`,
);

let rig: HttpRig;
beforeAll(async () => {
  rig = await startHttpRig({ sandbox: { size: 'small' } });
});
afterAll(async () => {
  await rig.close();
  rmSync(folder, { recursive: true });
});

const over: (() => void)[] = [];
afterEach(() => {
  for (const step of over.splice(0)) step();
});

let files = 0;
const newFile = () => {
  files += 1;
  return join(folder, `file-${files}`);
};

/**
 * A pipe whose writing end is of this process: the pipe that `spawn` makes is closed as soon as its direct child ends.
 * Opened for both first, since opening one end would wait for the other.
 */
function openPipe(): readonly [reading: number, writing: number] {
  const path = newFile();
  spawnSync('mkfifo', [path]);
  const both = openSync(path, 'r+');
  const ends = [openSync(path, 'r'), openSync(path, 'w')] as const;
  closeSync(both);
  return ends;
}

interface Started {
  readonly child: ChildProcess;
  /** The process id of the program itself, or of its shell. */
  pid(): number;
  stdout(): string;
  stderr(): string;
  say(message: object): void;
  /** Closes the pipe to stdin, which this process holds open until then. */
  endInput(): void;
  /** Turns of the event loop until now, or until the end. */
  turns(): Promise<number>;
  /** Resolves when no process has the pipes any more. */
  readonly closed: Promise<unknown>;
}

function start(args: readonly string[], { wrapped = false, shell = false } = {}): Started {
  const [pidFile, countFile] = [newFile(), newFile()];
  const program = [...(wrapped ? [wrapper] : []), builtCli, ...args];
  const [reading, writing] = openPipe();
  const child = spawn(process.execPath, program, {
    stdio: [reading, 'pipe', 'pipe'],
    env: cleanEnvironment({
      ...(!args.includes('http') && { SYNQLY_TOKEN: rig.sandbox.token }),
      SYNQLY_MCP_TOKEN: rig.sandbox.token,
      PID_FILE: pidFile,
      ...(shell && { SHELL_BETWEEN: '1' }),
      COUNT_FILE: countFile,
      NODE_OPTIONS: wrapped ? '' : `--require ${counter}`,
    }),
  });
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output.stderr += chunk;
  });
  closeSync(reading);
  let isOpen = true;
  const endInput = () => {
    if (isOpen) closeSync(writing);
    isOpen = false;
  };
  const pid = () => (wrapped ? Number(readFileSync(pidFile, 'utf8')) : (child.pid ?? 0));
  over.push(() => {
    endInput();
    try {
      child.kill('SIGKILL');
      process.kill(pid(), 'SIGKILL');
    } catch {
      // It has ended.
    }
  });
  return {
    child,
    pid,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    say: (message) => void writeSync(writing, `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`),
    endInput,
    turns: async () => {
      if (child.exitCode === null) {
        rmSync(countFile, { force: true });
        child.kill('SIGUSR2');
      }
      const count = () => (existsSync(countFile) ? readFileSync(countFile, 'utf8') : '');
      await expect.poll(count, { timeout: 30_000 }).not.toBe('');
      return Number(count());
    },
    closed: once(child, 'close'),
  };
}

const stdio = () => ['--base-url', rig.sandbox.baseUrl, '--permissions', 'ignore', '--log-level', 'debug'];
const http = () => ['--transport', 'http', '--port', '0', ...stdio()];
const bridge = () => ['connect', rig.url, '--log-level', 'debug'];

/** Opens the session, and waits for its answer. */
async function open(started: Started): Promise<void> {
  started.say(initialize);
  await expect.poll(started.stdout, { timeout: 30_000 }).toContain('"id":"first"');
}

const urlOf = (started: Started) => /"url":"([^"]+)"/.exec(started.stderr())?.[1];

const call = (id: number, name = 'organization_get') => ({
  id,
  method: 'tools/call',
  params: { name, arguments: {} },
});

describe.each([
  ['the server over stdio', stdio],
  ['connect', bridge],
])('%s', (_, args) => {
  test('ends when its parent is killed, while others hold its pipes open', async () => {
    const started = start(args(), { wrapped: true });
    await open(started);
    started.child.kill('SIGKILL');
    await started.closed;
    expect(started.stderr()).toContain('"reason":"the parent process ended"');
  });

  test.runIf(process.platform === 'linux')('ends when the parent of its shell is killed', async () => {
    const started = start(args(), { wrapped: true, shell: true });
    await open(started);
    started.child.kill('SIGKILL');
    await started.closed;
    expect(started.stderr()).toContain('"reason":"the parent process ended"');
  });

  test('ends when stdin ends', async () => {
    const started = start(args());
    await open(started);
    started.endInput();
    await started.closed;
    expect(started.child.exitCode).toBe(0);
    expect(started.stderr()).toContain('"reason":"stdin ended"');
  });

  test('ends when stdout breaks', async () => {
    const started = start(args());
    await open(started);
    started.child.stdout?.destroy();
    for (const id of [1, 2, 3]) started.say({ id, method: 'ping' });
    await started.closed;
    expect(started.child.exitCode).toBe(0);
    expect(started.stderr()).toContain('"reason":"stdout closed"');
    expect(await started.turns()).toBeLessThan(2_000);
  });
});

test('the server over stdio ends when its log cannot be written', async () => {
  const started = start(stdio());
  await open(started);
  started.child.stderr?.destroy();
  // Each call has a line in the log.
  for (const id of [1, 2, 3]) started.say(call(id));
  await once(started.child, 'exit');
  expect(started.child.exitCode).toBe(0);
  expect(started.stdout()).toContain('"id":1');
  expect(await started.turns()).toBeLessThan(2_000);
});

test('a running call is stopped in time when the log cannot be written', async () => {
  const started = start(stdio());
  await open(started);
  rig.sandbox.faults.add({ route: 'members_list', hang: true });
  started.say(call(1, 'members_list'));
  started.child.stderr?.destroy();
  for (const id of [2, 3]) started.say(call(id));
  await once(started.child, 'exit');
  rig.sandbox.faults.clear();
  expect(started.child.exitCode).toBe(0);
  expect(started.stdout()).toContain('interrupted');
  expect(await started.turns()).toBeLessThan(2_000);
});

describe('the server over HTTP goes on', () => {
  test('when its parent is killed', async () => {
    const started = start(http(), { wrapped: true });
    await expect.poll(() => urlOf(started), { timeout: 30_000 }).toBeDefined();
    const url = urlOf(started) ?? '';
    started.child.kill('SIGKILL');
    await once(started.child, 'exit');
    // Longer than the parent is looked for over stdio.
    await pause(5_000);
    expect((await fetch(new URL('/healthz', url))).status).toBe(200);
  });

  test('without a log when stderr breaks, and does not spin', async () => {
    const started = start(http());
    await expect.poll(() => urlOf(started), { timeout: 30_000 }).toBeDefined();
    const url = urlOf(started) ?? '';
    started.child.stderr?.destroy();
    started.child.stdout?.destroy();
    const headers = { authorization: `Bearer ${rig.sandbox.token}`, 'content-type': 'application/json' };
    for (const id of [1, 2, 3, 4, 5]) {
      const body = JSON.stringify({ jsonrpc: '2.0', ...call(id) });
      const response = await fetch(url, { method: 'POST', headers, body });
      expect(response.status).toBe(200);
      expect(await response.text()).not.toContain('isError');
    }
    const before = await started.turns();
    await pause(2_000);
    expect((await started.turns()) - before).toBeLessThan(2_000);
    started.child.kill('SIGTERM');
    await once(started.child, 'exit');
    expect(started.child.exitCode).toBe(0);
  });
});
