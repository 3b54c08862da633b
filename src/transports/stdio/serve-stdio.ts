import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { isJSONRPCNotification, isJSONRPCRequest, type RequestId } from '@modelcontextprotocol/sdk/types.js';
import { parseExact } from '../../lib/exact-json.ts';
import { runningWork, stopQuestions, stopWork } from '../../lib/shutdown.ts';
import type { Log } from '../../observability/logger.ts';
import { interrupted } from '../../pipeline/execute/deadline.ts';
import type { FeatureSource } from '../../protocol/server-features.ts';
import type { StatelessServer } from '../../protocol/stateless-server.ts';
import { waitForSignal } from '../signals.ts';
import { waitForParentExit } from './parent.ts';
import { routeGenerations } from './route-generations.ts';
import { StdioTransport } from './stdio-transport.ts';

/** Milliseconds for running calls to finish after the client disconnects or a signal arrives. */
const finishTimeoutMs = 3_000;

/** Milliseconds for stopped calls to send their error. */
const stopTimeoutMs = 500;

/** Milliseconds for a slow client to read the last responses. */
const flushTimeoutMs = 1_000;

/** The servers that a client over stdio may reach. */
export interface StdioServers {
  readonly v1: Server;
  /** Creates the server of the second generation, for a client that speaks it. */
  readonly openV2: () => Promise<StatelessServer>;
  readonly features: FeatureSource;
}

/**
 * Serves one client over stdin and stdout, in the protocol generation of its messages, until it disconnects or the
 * process is stopped.
 */
export async function serveStdio({ v1: server, openV2, features }: StdioServers, log: Log): Promise<void> {
  const transport = new StdioTransport({ parse: parseExact });
  await server.connect(transport);
  routeGenerations(transport, openV2, features);
  server.onerror = (error) => log.warn({ err: error }, 'could not parse a message');
  // Closing the server aborts all running calls.
  await runUntilClosed(transport, () => server.close(), log);
}

/**
 * Waits until stdin ends, stdout or stderr breaks, the parent process ends or a signal arrives, then shuts down within
 * five seconds: running calls get some time to finish and are then stopped; every finished response is written.
 *
 * @param transport a started transport whose messages are already handled
 */
export async function runUntilClosed(
  transport: Transport,
  close: () => Promise<void>,
  log: Log,
): Promise<void> {
  const requests = trackRequests(transport);
  const reason = await waitForStop();
  log.debug({ reason, running: requests.running() }, 'stopping');
  stopQuestions();
  await Promise.race([requests.idle(), pause(finishTimeoutMs)]);
  if (runningWork() > 0) {
    stopWork(interrupted);
    await Promise.race([requests.idle(), pause(stopTimeoutMs)]);
  }
  await close();
  await Promise.race([flushed(), pause(flushTimeoutMs)]);
}

interface Requests {
  running(): number;
  /** Resolves when all requests are answered. */
  idle(): Promise<void>;
}

/** Counts open requests, which the SDK does not expose. */
function trackRequests(transport: Transport): Requests {
  const open = new Set<RequestId>();
  const waiting: (() => void)[] = [];
  const close = (id: RequestId) => {
    open.delete(id);
    if (open.size === 0) for (const resolve of waiting.splice(0)) resolve();
  };

  let isBroken = false;
  const broken = new Promise<void>((resolve) => {
    // Every later write fails too, and an error event without a listener would crash the process.
    process.stdout.on('error', () => {
      isBroken = true;
      resolve();
    });
  });

  const receive = transport.onmessage;
  transport.onmessage = (message) => {
    // Responses can no longer be delivered.
    if (isBroken) return;
    if (isJSONRPCRequest(message)) open.add(message.id);
    // A cancelled request gets no answer (MCP specification 2025-11-25, cancellation).
    else if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      close(message.params?.requestId as RequestId);
    }
    receive?.(message);
  };
  const send = transport.send.bind(transport);
  transport.send = async (message) => {
    // A broken stdout never drains.
    await Promise.race([send(message), broken]);
    if (!('method' in message) && message.id !== undefined) close(message.id);
  };

  return {
    running: () => open.size,
    idle: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

/** Resolves with the reason to stop. */
function waitForStop(): Promise<string> {
  return new Promise((resolve) => {
    // A client that dies closes the pipe; the process must not outlive it.
    process.stdin.once('end', () => resolve('stdin ended'));
    process.stdin.once('close', () => resolve('stdin closed'));
    process.stdout.once('error', () => resolve('stdout closed'));
    process.stderr.on('error', (error: NodeJS.ErrnoException) => {
      if (!isDiskFull(error)) resolve('stderr closed');
    });
    void waitForParentExit().then(() => resolve('the parent process ended'));
    void waitForSignal().then(resolve);
  });
}

/** Whether stderr is a file that cannot be written now: its reader has not gone. */
function isDiskFull({ code = '' }: NodeJS.ErrnoException): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code);
}

function flushed(): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.destroyed || !process.stdout.writable) resolve();
    else process.stdout.write('', () => resolve());
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
