import type { FileHandle } from 'node:fs/promises';
import { CallError } from './errors.ts';
import type { Log } from './log.ts';

/** Where every call that is not a read leaves one line. */
export interface Trail {
  /** @throws CallError `audit_unavailable` when a line could not be written now */
  assertReady(): Promise<void>;
  /**
   * Writes one line. One that cannot be written is logged and kept: until it is written, `assertReady` refuses.
   *
   * @param durable whether the line must be on the disk before this resolves
   */
  write(line: object, durable: boolean): Promise<void>;
}

/**
 * A trail in a file, else on stderr. The file is appended to, made for its owner only (0600), and opened anew when
 * something has renamed or removed it. Lines of destroys are synced to the disk before their call is answered; the
 * others are left to the system's own time.
 */
export function createTrail(path: string | undefined, log: Log): Trail {
  return path === undefined ? stderrTrail : fileTrail(path, log);
}

let isGuarded = false;

const stderrTrail: Trail = {
  assertReady: async () => {},
  write: async (line) => {
    // Whoever read it is gone; that is no reason to end.
    if (!isGuarded) process.stderr.on('error', () => {});
    isGuarded = true;
    process.stderr.write(toLine(line));
  },
};

/** Lines that are kept while the file cannot be written; by then nothing but refusals adds to them. */
const mostUnwritten = 10_000;

function fileTrail(path: string, log: Log): Trail {
  const unwritten: string[] = [];
  let handle: FileHandle | undefined;
  let torn = false;
  let last: Promise<void> = Promise.resolve();

  const current = async (): Promise<FileHandle> => {
    const { open, stat } = await import('node:fs/promises');
    if (handle) {
      const [held, named] = await Promise.all([handle.stat(), stat(path).catch(() => undefined)]);
      if (named && named.ino === held.ino && named.dev === held.dev) return handle;
      const rotated = handle;
      handle = undefined;
      await rotated.close();
    }
    handle = await open(path, 'a', 0o600);
    return handle;
  };

  const flush = async (durable: boolean): Promise<void> => {
    const file = await current();
    for (let [line] = unwritten; line !== undefined; [line] = unwritten) {
      const text = torn ? `\n${line}` : line;
      torn = true;
      await file.appendFile(text);
      torn = false;
      unwritten.shift();
    }
    if (durable) await file.datasync();
  };

  /** One after the other, so that lines stand whole and in order. */
  const inTurn = (step: () => Promise<void>): Promise<void> => {
    const turn = last.then(step);
    last = turn.catch(() => {});
    return turn;
  };

  return {
    assertReady: async () => {
      try {
        await inTurn(() => flush(false));
      } catch (cause) {
        throw new CallError('audit_unavailable', 'The audit log cannot be written.', { cause });
      }
    },
    write: async (line, durable) => {
      if (unwritten.length < mostUnwritten) unwritten.push(toLine(line));
      try {
        await inTurn(() => flush(durable));
      } catch (err) {
        log.error({ err, line }, 'a line of the audit log could not be written');
      }
    },
  };
}

const toLine = (line: object) => `${JSON.stringify(line)}\n`;
