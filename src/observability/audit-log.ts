import { hash, randomBytes } from 'node:crypto';
import { CallError } from '../errors.ts';
import { escapeUnprintable } from '../lib/escape-control-characters.ts';
import type { JsonObject } from '../lib/json.ts';
import { assertWritable, fileSink, type Sink, stderrSink } from './audit-sink.ts';
import type { Log } from './logger.ts';

/** What a line tells of a call; both lines of one call carry the same id. */
export type AuditEntry = JsonObject & { readonly call: string };

/** Where every call that is not a read leaves its lines: one before its request leaves, if it does, and one when it has ended. */
export interface AuditLog {
  /** @throws CallError `audit_unavailable` when a line could not be written now */
  assertReady(): Promise<void>;
  /**
   * Writes the line of a call that is about to be sent.
   *
   * @param durable whether the line must be on the disk before this resolves
   *
   * @throws CallError `audit_unavailable`; the call must not be sent then
   */
  begin(line: AuditEntry, durable: boolean): Promise<void>;
  /**
   * Writes the line of a call that has ended. One that cannot be written is logged and kept: until it is written, no
   * other call begins.
   *
   * @param durable whether the line must be on the disk before this resolves
   */
  end(line: AuditEntry, durable: boolean): Promise<void>;
}

/** For calls that do nothing real. */
export const noAuditLog: AuditLog = {
  assertReady: async () => {},
  begin: async () => {},
  end: async () => {},
};

/** A trail in a file, else on stderr. Its lines are described in docs/audit-log.md. */
export function createAuditLog(path: string | undefined, log: Log): AuditLog {
  if (path === undefined) return auditLogInto(stderrSink, log);
  const sink = fileSink(path);
  try {
    assertWritable(path);
  } catch (err) {
    log.error({ err }, 'the file of --audit-log cannot be written: nothing but reads is sent until it can');
  }
  return auditLogInto(sink, log);
}

/** Version of the lines. */
const version = 1;

/** Which line of a call it is. */
type Phase = 'sent' | 'ended' | 'not_sent';

interface KeepEntry {
  readonly phase: Phase;
  readonly line: AuditEntry;
  /** Lines after this one that there was no room for. */
  lostAfter: number;
}

/** Lines that are kept while they cannot be written; by then nothing but refusals adds to them. */
const maxUnwritten = 10_000;

function auditLogInto(sink: Sink, log: Log): AuditLog {
  const write = chainInto(sink);
  const unwritten: KeepEntry[] = [];
  /** Calls that were sent and have not ended. */
  const open = new Map<string, AuditEntry>();

  const flush = (): void => {
    for (let [kept] = unwritten; kept; [kept] = unwritten) {
      write(kept);
      unwritten.shift();
    }
  };
  const keep = (phase: Phase, line: AuditEntry): void => {
    const last = unwritten.at(-1);
    if (last && unwritten.length >= maxUnwritten) last.lostAfter += 1;
    else unwritten.push({ phase, line, lostAfter: 0 });
  };
  /** The process ends without waiting for anything, with calls under way: what they came to stays unknown. */
  const endAll = (): void => {
    const time = new Date().toISOString();
    for (const line of open.values()) keep('ended', { ...line, time, outcome: 'interrupted' });
    open.clear();
    try {
      flush();
    } catch {
      // There is nobody left to tell.
    }
  };
  const orUnavailable = async (step: () => Promise<void> | void): Promise<void> => {
    try {
      await step();
    } catch (cause) {
      throw new CallError('audit_unavailable', 'The audit log cannot be written.', { cause });
    }
  };
  let isListening = false;

  return {
    assertReady: () =>
      orUnavailable(() => {
        sink.open();
        flush();
      }),
    begin: (line, durable) =>
      orUnavailable(async () => {
        if (!isListening) process.once('exit', endAll);
        isListening = true;
        flush();
        write({ phase: 'sent', line, lostAfter: 0 });
        open.set(line.call, line);
        if (durable) await sink.sync();
      }),
    end: async (line, durable) => {
      keep(open.delete(line.call) ? 'ended' : 'not_sent', line);
      try {
        flush();
        if (durable) await sink.sync();
      } catch (err) {
        log.error({ err, line }, 'a line of the audit log could not be written');
      }
    },
  };
}

/**
 * Numbers the lines of this process, and puts into each the hash of the line before. The first one holds the hash of the
 * file's last line, so that it shows when lines at the end of an earlier process were taken out.
 */
function chainInto(sink: Sink): (kept: KeepEntry) => void {
  const run = randomBytes(8).toString('hex');
  let seq = 0;
  let last: string | undefined;
  return ({ phase, line, lostAfter }) => {
    const before = last ?? hashOf(sink.lastLine());
    const previous = { type: 'audit', v: version, run, seq: seq + 1, prev: before ?? null, phase };
    const text = escapeUnprintable(JSON.stringify({ ...previous, ...line }));
    sink.append(text);
    last = hashOf(text);
    seq += 1 + lostAfter;
  };
}

function hashOf(line: string | Buffer | undefined): string | undefined {
  return line === undefined ? undefined : hash('sha256', line, 'hex');
}
