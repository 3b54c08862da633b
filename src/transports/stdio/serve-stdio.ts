import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { isJSONRPCNotification, isJSONRPCRequest, type RequestId } from '@modelcontextprotocol/sdk/types.js';
import { parseExact } from '../../lib/exact-json.ts';
import { runningWork, stopQuestions, stopWork } from '../../lib/shutdown.ts';
import type { Log } from '../../observability/logger.ts';
import { interrupted } from '../../pipeline/execute/deadline.ts';
import { untilSignal } from '../signals.ts';
import { StdioTransport } from './stdio-transport.ts';

/** Milliseconds that running calls get to finish once the client is gone or a signal came. */
const finishTimeoutMs = 3_000;

/** Milliseconds in which calls that were ended tell so. */
const stopTimeoutMs = 500;

/** Milliseconds for a client that is slow to read its last answers. */
const flushTimeoutMs = 1_000;

/** Serves one client over stdin and stdout until it is gone or the process is told to stop. */
export async function serveStdio(server: Server, log: Log): Promise<void> {
  const transport = new StdioTransport({ parse: parseExact });
  await server.connect(transport);
  server.onerror = (error) => log.warn({ err: error }, 'a message was not understood');
  // Closing aborts the signal of every call that still runs.
  await untilGone(transport, () => server.close(), log);
}

/**
 * Waits until stdin ends, stdout breaks or the process is told to stop. What runs then may finish for a while, and is ended
 * after it; every finished answer is written. Over within five seconds.
 *
 * @param transport a started transport whose messages are already being handled
 */
export async function untilGone(transport: Transport, close: () => Promise<void>, log: Log): Promise<void> {
  const requests = trackRequests(transport);
  const reason = await untilStopped();
  log.debug({ reason, running: requests.running() }, 'stopping');
  stopQuestions();
  await Promise.race([requests.none(), pause(finishTimeoutMs)]);
  if (runningWork() > 0) {
    stopWork(interrupted);
    await Promise.race([requests.none(), pause(stopTimeoutMs)]);
  }
  await close();
  await Promise.race([flushed(), pause(flushTimeoutMs)]);
}

interface Requests {
  running(): number;
  /** Resolves when every request has its answer. */
  none(): Promise<void>;
}

/** The SDK does not tell when its handlers are done, so requests and answers are counted as they pass. */
function trackRequests(transport: Transport): Requests {
  const open = new Set<RequestId>();
  const waiting: (() => void)[] = [];
  const close = (id: RequestId) => {
    open.delete(id);
    if (open.size === 0) for (const resolve of waiting.splice(0)) resolve();
  };

  let isBroken = false;
  const broken = new Promise<void>((resolve) => {
    // Every write after the first one fails too, and each must find somebody listening.
    process.stdout.on('error', () => {
      isBroken = true;
      resolve();
    });
  });

  const receive = transport.onmessage;
  transport.onmessage = (message) => {
    // Nobody would learn what it came to.
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
    // What cannot be written any more never drains.
    await Promise.race([send(message), broken]);
    if (!('method' in message) && message.id !== undefined) close(message.id);
  };

  return {
    running: () => open.size,
    none: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

/** Why to stop. */
function untilStopped(): Promise<string> {
  return new Promise((resolve) => {
    // A client that dies closes the pipe; without this the process would outlive it.
    process.stdin.once('end', () => resolve('stdin ended'));
    process.stdin.once('close', () => resolve('stdin closed'));
    process.stdout.once('error', () => resolve('stdout closed'));
    void untilSignal().then(resolve);
  });
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
