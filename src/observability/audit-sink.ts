import { dirname, fs, promisify } from '../lib/node-builtins.ts';

/** The destination of audit log lines. */
export interface Sink {
  /** Opens the destination if it is not open. @throws when it cannot be opened */
  open(): void;
  /** Appends a line and a line break. @throws when the line is not written completely */
  append(line: string): void;
  /** Resolves once all appended lines are on disk. @throws when that fails */
  sync(): Promise<void>;
  /** The last line written before this process, if any. */
  lastLine(): Buffer | undefined;
}

let isGuarded = false;

/** Lines on stderr; whether they are stored cannot be checked. */
export const stderrSink: Sink = {
  open: () => {},
  append: (line) => {
    // A closed stderr must not crash the process.
    if (!isGuarded) process.stderr.on('error', () => {});
    isGuarded = true;
    process.stderr.write(`${line}\n`);
  },
  sync: async () => {},
  lastLine: () => undefined,
};

interface OpenFile {
  readonly fd: number;
  /** Whether it is a regular file: pipes and devices cannot be synced. */
  readonly isRegular: boolean;
  /** Whether its directory entry must be synced too. */
  isNew: boolean;
  /** Whether the file ends with an incomplete line. */
  endsMidLine: boolean;
  /** Running syncs, which need the file open. */
  syncs: number;
  isRetired: boolean;
}

/** O_NONBLOCK: a pipe without a reader, or with a slow one, fails at once instead of blocking the process. */
const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK = 0 } = fs.constants;
const flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK;

const fdatasync = promisify(fs.fdatasync);

/**
 * Appends to a file, created with mode 0600, and reopened when it is renamed or removed (log rotation). Lines are
 * written synchronously, so that they keep their order and can be written while the process exits. Only the sync
 * runs on another thread.
 */
export function fileSink(path: string): Sink {
  let opened: OpenFile | undefined;

  const current = (): OpenFile => {
    if (opened && !isNamed(path, opened)) {
      opened.isRetired = true;
      closeUnused(opened);
      opened = undefined;
    }
    opened ??= openFile(path);
    return opened;
  };

  return {
    open: () => void current(),
    append: (line) => {
      const file = current();
      const bytes = Buffer.from(`${file.endsMidLine ? '\n' : ''}${line}\n`);
      let written = 0;
      try {
        while (written < bytes.length) written += fs.writeSync(file.fd, bytes, written);
      } catch (error) {
        // A line that lacks only its line break is complete, and must not be written twice.
        if (written < bytes.length - 1) throw error;
      } finally {
        if (written > 0) file.endsMidLine = written < bytes.length;
      }
    },
    sync: async () => {
      const file = opened;
      if (!file?.isRegular) return;
      file.syncs += 1;
      try {
        await fdatasync(file.fd);
        if (file.isNew) await syncDirectory(dirname(path));
        file.isNew = false;
      } finally {
        file.syncs -= 1;
        closeUnused(file);
      }
    },
    lastLine: () => readTail(path)?.line,
  };
}

/** Checks that a file can be written or created, without creating it. @throws when it cannot */
export function assertWritable(path: string): void {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (!stat) fs.accessSync(dirname(path), fs.constants.W_OK);
  // Opening and closing a pipe would signal its end to the reader.
  else if (!stat.isFIFO()) fs.closeSync(fs.openSync(path, O_WRONLY | O_APPEND | O_NONBLOCK));
}

function openFile(path: string): OpenFile {
  const tail = readTail(path);
  const fd = fs.openSync(path, flags, 0o600);
  const stat = fs.fstatSync(fd);
  const endsMidLine = tail !== undefined && !tail.isWhole;
  return { fd, isRegular: stat.isFile(), isNew: stat.size === 0, endsMidLine, syncs: 0, isRetired: false };
}

function isNamed(path: string, { fd }: OpenFile): boolean {
  const openFile = fs.fstatSync(fd);
  const named = fs.statSync(path, { throwIfNoEntry: false });
  return named !== undefined && named.ino === openFile.ino && named.dev === openFile.dev;
}

function closeUnused(file: OpenFile): void {
  if (file.isRetired && file.syncs === 0) fs.closeSync(file.fd);
}

/** Makes a new file survive a power failure; not every system can sync a directory. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await fs.promises.open(path, 'r').catch(() => undefined);
  await directory?.sync().catch(() => {});
  await directory?.close();
}

/** Bytes at the end of a file searched first for its last line; our lines are far shorter. */
const tailLength = 64 * 1024;
/** Bytes searched for a last line that another program wrote. */
const maxTailLength = 16 * 1024 * 1024;
const lineBreak = 0x0a;

/** The last line of a file, and whether it is complete. Undefined if there is none, or the file cannot be read. */
function readTail(path: string): { line: Buffer; isWhole: boolean } | undefined {
  let fd: number | undefined;
  try {
    const { size, isRegular } = statOf(path);
    if (!isRegular || size === 0) return undefined;
    fd = fs.openSync(path, 'r');
    for (let length = tailLength; ; length = maxTailLength) {
      const start = Math.max(0, size - length);
      const tail = Buffer.alloc(size - start);
      fs.readSync(fd, tail, 0, tail.length, start);
      const isWhole = tail.at(-1) === lineBreak;
      const lines = isWhole ? tail.subarray(0, -1) : tail;
      const before = lines.lastIndexOf(lineBreak);
      if (before >= 0 || start === 0 || length === maxTailLength)
        return { line: lines.subarray(before + 1), isWhole };
    }
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

function statOf(path: string): { size: number; isRegular: boolean } {
  const stat = fs.statSync(path);
  return { size: stat.size, isRegular: stat.isFile() };
}
