import { hash, randomBytes } from 'node:crypto';
import { CallError } from '../errors.ts';
import { escapeUnprintable } from '../lib/escape-control-characters.ts';
import type { JsonObject } from '../lib/json.ts';
import { assertWritable, fileSink, type Sink, stderrSink } from './audit-sink.ts';
import type { Log } from './logger.ts';

/** The fields of an audit line. Both lines of one call have the same id. */
export type AuditEntry = JsonObject & { readonly call: string };

/** Records every call that is not a read: one line before its request is sent, and one when it has ended. */
export interface AuditLog {
  /** @throws CallError `audit_unavailable` when the log cannot be written */
  assertReady(): Promise<void>;
  /**
   * Writes the line of a call that is about to be sent.
   *
   * @param durable whether to resolve only once the line is on disk
   *
   * @throws CallError `audit_unavailable`; the call must not be sent then
   */
  begin(line: AuditEntry, durable: boolean): Promise<void>;
  /**
   * Writes the line of a call that has ended. A line that cannot be written is logged and queued, and no other call
   * starts until it is written.
   *
   * @param durable whether to resolve only once the line is on disk
   */
  end(line: AuditEntry, durable: boolean): Promise<void>;
}

/** For calls without real effects. */
export const noAuditLog: AuditLog = {
  assertReady: async () => {},
  begin: async () => {},
  end: async () => {},
};

/** Creates an audit log in a file, or on stderr. docs/audit-log.md describes its lines. */
export function createAuditLog(path: string | undefined, log: Log): AuditLog {
  if (path === undefined) return auditLogInto(stderrSink, log);
  const sink = fileSink(path);
  try {
    assertWritable(path);
  } catch (err) {
    log.error({ err }, 'cannot write to the --audit-log file: only reads are sent until it is writable');
  }
  return auditLogInto(sink, log);
}

/** Version of the line format. */
const version = 1;

/** The phase of a call that a line records. */
type Phase = 'sent' | 'ended' | 'not_sent';

interface QueuedLine {
  readonly phase: Phase;
  readonly line: AuditEntry;
  /** Number of lines after this one that were dropped because the queue was full. */
  droppedAfter: number;
}

/** Maximum queued lines. While lines are queued, only rejected calls add more. */
const maxQueued = 10_000;

function auditLogInto(sink: Sink, log: Log): AuditLog {
  const write = createChain(sink);
  const queue: QueuedLine[] = [];
  /** Calls that were sent and have not ended. */
  const open = new Map<string, AuditEntry>();

  const flush = (): void => {
    for (let [queued] = queue; queued; [queued] = queue) {
      write(queued);
      queue.shift();
    }
  };
  const enqueue = (phase: Phase, line: AuditEntry): void => {
    const last = queue.at(-1);
    if (last && queue.length >= maxQueued) last.droppedAfter += 1;
    else queue.push({ phase, line, droppedAfter: 0 });
  };
  /** The process exits at once while calls are running: their outcome is unknown. */
  const endAll = (): void => {
    const time = new Date().toISOString();
    for (const line of open.values()) enqueue('ended', { ...line, time, outcome: 'interrupted' });
    open.clear();
    try {
      flush();
    } catch {
      // The process is exiting: the error cannot be reported.
    }
  };
  const withUnavailableError = async (step: () => Promise<void> | void): Promise<void> => {
    try {
      await step();
    } catch (cause) {
      throw new CallError('audit_unavailable', 'The audit log cannot be written.', { cause });
    }
  };
  let isListening = false;

  return {
    assertReady: () =>
      withUnavailableError(() => {
        sink.open();
        flush();
      }),
    begin: (line, durable) =>
      withUnavailableError(async () => {
        if (!isListening) process.once('exit', endAll);
        isListening = true;
        flush();
        write({ phase: 'sent', line, droppedAfter: 0 });
        open.set(line.call, line);
        if (durable) await sink.sync();
      }),
    end: async (line, durable) => {
      enqueue(open.delete(line.call) ? 'ended' : 'not_sent', line);
      try {
        flush();
        if (durable) await sink.sync();
      } catch (err) {
        log.error({ err, line }, 'could not write a line of the audit log');
      }
    },
  };
}

/**
 * Numbers the lines of this process and chains them by hash. The first line holds the hash of the file's last line,
 * so that lines removed from the end of an earlier process's part are noticed.
 */
function createChain(sink: Sink): (queued: QueuedLine) => void {
  const run = randomBytes(8).toString('hex');
  let seq = 0;
  let last: string | undefined;
  return ({ phase, line, droppedAfter }) => {
    const before = last ?? hashOf(sink.lastLine());
    const previous = { type: 'audit', v: version, run, seq: seq + 1, prev: before ?? null, phase };
    const text = escapeUnprintable(JSON.stringify({ ...previous, ...line }));
    sink.append(text);
    last = hashOf(text);
    seq += 1 + droppedAfter;
  };
}

function hashOf(line: string | Buffer | undefined): string | undefined {
  return line === undefined ? undefined : hash('sha256', line, 'hex');
}
