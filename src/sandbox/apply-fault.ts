/* Applies a fault to a call. */
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Fault, FaultBody } from './faults.ts';
import { ProblemError } from './problem.ts';

/** How a call continues after a fault. */
export type FaultOutcome = 'continue' | 'taken';

const hugeSize = 50 * 1024 * 1024;
const dripSize = 1024 * 1024;
const dripInterval = 100;

/**
 * Applies a fault. `taken`: the fault handles the connection, and nothing more must be sent. Throws the
 * ProblemError to answer, if the fault asks for one. `stopped` aborts with the sandbox.
 */
export async function applyFault(
  fault: Fault,
  request: FastifyRequest,
  reply: FastifyReply,
  stopped: AbortSignal,
): Promise<FaultOutcome> {
  if (fault.delay !== undefined) {
    await wait(fault.delay, undefined, { signal: stopped, ref: false }).catch(() => undefined);
    if (stopped.aborted || request.raw.socket.destroyed) return take(reply);
  }
  if (fault.hang) return take(reply);
  if (fault.reset) {
    request.raw.socket.resetAndDestroy();
    return take(reply);
  }
  if (fault.body) {
    take(reply);
    void sendBody(fault.body, fault, reply, stopped);
    return 'taken';
  }
  if (fault.echo) throw echo(fault, request);
  if (fault.status !== undefined) throw failure(fault.status, fault);
  return 'continue';
}

function take(reply: FastifyReply): FaultOutcome {
  reply.hijack();
  return 'taken';
}

function headersOf({ retryAfter }: Fault): Record<string, string> {
  return retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
}

function failure(status: number, fault: Fault): ProblemError {
  const waits = fault.retryAfter === undefined ? '' : ` Try again after ${fault.retryAfter}.`;
  return new ProblemError(status, 'The sandbox was told to fail here.', {
    detail: `A fault of the sandbox struck this call.${waits}`,
    headers: headersOf(fault),
  });
}

function echo(fault: Fault, request: FastifyRequest): ProblemError {
  return new ProblemError(fault.status ?? 400, 'The sandbox repeats the request.', {
    detail: `Body: ${String(request.body ?? '')}`,
    parameter: { id: 'Authorization', location: 'header', value: request.headers.authorization ?? null },
    rawError: `${request.method} ${request.url} Authorization: ${request.headers.authorization ?? ''}`,
    headers: headersOf(fault),
  });
}

async function sendBody(
  body: FaultBody,
  fault: Fault,
  reply: FastifyReply,
  stopped: AbortSignal,
): Promise<void> {
  const { raw } = reply;
  const type = body === 'html' ? 'text/html; charset=utf-8' : 'application/json';
  raw.writeHead(fault.status ?? 200, { 'content-type': type, ...headersOf(fault) });
  if (body === 'empty') raw.end();
  else if (body === 'broken-json') raw.end('{"result":[{"id":"');
  else if (body === 'html') raw.end('<!DOCTYPE html><title>Bad gateway</title><h1>Bad gateway</h1>\n');
  else if (body === 'huge') await sendChunks(raw, fault.size ?? hugeSize, 64 * 1024, 0, stopped);
  else await sendChunks(raw, fault.size ?? dripSize, 1, dripInterval, stopped);
}

// Sends valid JSON of the given size in chunks; stops when the client disconnects.
async function sendChunks(
  raw: FastifyReply['raw'],
  size: number,
  chunk: number,
  interval: number,
  stopped: AbortSignal,
): Promise<void> {
  const frame = { head: '{"result":"', tail: '"}' };
  let left = Math.max(0, size - frame.head.length - frame.tail.length);
  raw.write(frame.head);
  while (left > 0 && !raw.destroyed && !stopped.aborted) {
    const length = Math.min(chunk, left);
    left -= length;
    const hasRoom = raw.write('x'.repeat(length));
    if (interval > 0) await wait(interval, undefined, { signal: stopped, ref: false }).catch(() => undefined);
    else if (!hasRoom) await drained(raw);
  }
  if (stopped.aborted) raw.destroy();
  else if (!raw.destroyed) raw.end(frame.tail);
}

function drained(raw: FastifyReply['raw']): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      raw.off('drain', done);
      raw.off('close', done);
      resolve();
    };
    raw.on('drain', done);
    raw.on('close', done);
  });
}
