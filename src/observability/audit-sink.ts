import { dirname, fs, promisify } from '../lib/node-builtins.ts';

/** Where the lines of the audit log are appended. */
export interface Sink {
  /** Opens it, where that has not been done. @throws when it cannot be opened */
  open(): void;
  /** Appends a line, and a line break if there is room for it. @throws when not all of the line could be written */
  append(line: string): void;
  /** Resolves once all that was appended is on the disk, where there is one. @throws when that fails */
  sync(): Promise<void>;
  /** The last line that was there before this process, if any. */
  lastLine(): Buffer | undefined;
}

let isGuarded = false;

/** Lines go as far as somebody reads them: nobody can be asked whether a line was kept. */
export const stderrSink: Sink = {
  open: () => {},
  append: (line) => {
    // Whoever read it is gone; that is no reason to end.
    if (!isGuarded) process.stderr.on('error', () => {});
    isGuarded = true;
    process.stderr.write(`${line}\n`);
  },
  sync: async () => {},
  lastLine: () => undefined,
};

interface OpenFile {
  readonly fd: number;
  /** Neither a pipe nor a device, which cannot be synced. */
  readonly isRegular: boolean;
  /** Whether its name, too, must still get to the disk. */
  isNew: boolean;
  /** Whether it ends within a line. */
  isTorn: boolean;
  /** Syncs under way, for which it must stay open. */
  syncs: number;
  isRetired: boolean;
}

/** A pipe that nobody reads, or not fast enough, fails at once; the process does not wait for it. */
const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK = 0 } = fs.constants;
const flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK;

const fdatasync = promisify(fs.fdatasync);

/**
 * Appends to a file, which is made for its owner only (0600), and opened anew when something has renamed or removed it.
 * A line is written without a turn of the event loop in between, so that one can be written while the process ends, and
 * lines stand in the order in which they were given. Only the wait for the disk is left to another thread.
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
      const bytes = Buffer.from(`${file.isTorn ? '\n' : ''}${line}\n`);
      let written = 0;
      try {
        while (written < bytes.length) written += fs.writeSync(file.fd, bytes, written);
      } catch (error) {
        // A line that lacks its break alone is there, and must not come a second time.
        if (written < bytes.length - 1) throw error;
      } finally {
        if (written > 0) file.isTorn = written < bytes.length;
      }
    },
    sync: async () => {
      const file = opened;
      if (!file?.isRegular) return;
      file.syncs += 1;
      try {
        await fdatasync(file.fd);
        if (file.isNew) await syncFolder(dirname(path));
        file.isNew = false;
      } finally {
        file.syncs -= 1;
        closeUnused(file);
      }
    },
    lastLine: () => readTail(path)?.line,
  };
}

/** Looks whether a file can be written, or made, and makes none. @throws when it cannot */
export function assertWritable(path: string): void {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (!stat) fs.accessSync(dirname(path), fs.constants.W_OK);
  // The reader of a pipe would take its closing for the end.
  else if (!stat.isFIFO()) fs.closeSync(fs.openSync(path, O_WRONLY | O_APPEND | O_NONBLOCK));
}

function openFile(path: string): OpenFile {
  const tail = readTail(path);
  const fd = fs.openSync(path, flags, 0o600);
  const stat = fs.fstatSync(fd);
  const isTorn = tail !== undefined && !tail.isWhole;
  return { fd, isRegular: stat.isFile(), isNew: stat.size === 0, isTorn, syncs: 0, isRetired: false };
}

function isNamed(path: string, { fd }: OpenFile): boolean {
  const openFile = fs.fstatSync(fd);
  const named = fs.statSync(path, { throwIfNoEntry: false });
  return named !== undefined && named.ino === openFile.ino && named.dev === openFile.dev;
}

function closeUnused(file: OpenFile): void {
  if (file.isRetired && file.syncs === 0) fs.closeSync(file.fd);
}

/** A new file can be found after a power failure only once its folder is on the disk; not every system can do that. */
async function syncFolder(path: string): Promise<void> {
  const folder = await fs.promises.open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

/** Bytes at the end of a file among which its last line is looked for first; no line of ours is nearly as long. */
const tailLength = 64 * 1024;
/** Bytes among which a last line is looked for that something else has written. */
const maxTailLength = 16 * 1024 * 1024;
const lineBreak = 0x0a;

/** The last line of a file, and whether a line break follows it. Undefined where there is none, or it may not be read. */
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
