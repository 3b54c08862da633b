import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { Sandbox } from '../../src/sandbox/start.ts';
import { type HttpProgram, startHttpProgram } from './http-support.ts';
import { builtCli, cleanEnvironment, type Program, programOf } from './support.ts';

/** Whether this machine can run a Redis of its own; without one, what needs it is skipped. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

export interface Store {
  /** What `--token-store` is given. */
  readonly named: string;
  /** Makes it unusable for a while, and usable again. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function makeFolder(): Promise<Store> {
  const parent = await mkdtemp(join(tmpdir(), 'synqly-mcp-'));
  return {
    named: join(parent, 'tokens'),
    stop: async () => {},
    start: async () => {},
    close: () => rm(parent, { recursive: true }),
  };
}

/** A Redis that can be frozen: it keeps its connections, and does not answer. */
export interface RedisStore extends Store {
  freeze(): void;
  thaw(): void;
}

/** A real redis-server on a port of its own, keeping nothing on disk. */
export async function startRedis(): Promise<RedisStore> {
  const port = await freePort();
  const launch = async () => {
    const args = ['--port', String(port), '--save', '', '--appendonly', 'no', '--bind', '127.0.0.1'];
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    await vi.waitUntil(() => isListening(port), { timeout: 60_000 });
    return child;
  };
  let child = await launch();
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
  };
  return {
    named: `redis://127.0.0.1:${port}/0`,
    stop,
    start: async () => {
      child = await launch();
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    close: stop,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
  });
}

/** A gateway for the organization of a sandbox, knowing the tokens of a store. */
export function startGateway(sandbox: Sandbox, store: string, args: string[] = []): Promise<HttpProgram> {
  return startHttpProgram(['--base-url', sandbox.baseUrl, '--token-store', store, ...args], {
    SYNQLY_TOKEN: sandbox.token,
  });
}

/**
 * A client of a gateway of its own, logged in with an MCP token for what the flags name.
 *
 * @param served further flags of the gateway
 */
export async function connectGateway(
  sandbox: Sandbox,
  flags: string[],
  served: string[] = [],
): Promise<Program> {
  const store = await makeFolder();
  const gateway = await startGateway(sandbox, store.named, [
    '--rate-per-minute',
    '1000000',
    '--confirm',
    'never',
    '--reveal-secrets',
    ...served,
  ]);
  const { token } = await makeMcpToken(sandbox, store.named, ...flags);
  const program = programOf(await gateway.connect(token), gateway.stderr);
  const close = async () => {
    await program.close();
    await gateway.close();
    await store.close();
  };
  return { ...program, close };
}

export interface Made {
  readonly token: string;
  readonly fingerprint: string;
}

/** Makes an MCP token with the command line. */
export async function makeMcpToken(sandbox: Sandbox, store: string, ...args: string[]): Promise<Made> {
  const { stdout } = await runToken(sandbox, store, 'create', '--json', ...args);
  return JSON.parse(stdout);
}

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `synqly-mcp token` to its end; not synchronously, since the sandbox it asks is in this process. */
export function runToken(
  sandbox: Sandbox,
  store: string | { readonly SYNQLY_TOKEN_STORE: string },
  command: string,
  ...args: string[]
): Promise<Run> {
  const named = typeof store === 'string' ? ['--token-store', store] : [];
  const where = ['--base-url', sandbox.baseUrl, ...named];
  const child = spawn(process.execPath, [builtCli, 'token', command, ...where, ...args], {
    env: cleanEnvironment({ SYNQLY_TOKEN: sandbox.token, ...(typeof store === 'string' ? {} : store) }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, stdout, stderr })));
}
