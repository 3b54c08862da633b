import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { maxTokenFileBytes } from '../config/check-path.ts';

/** Milliseconds that the writer of a pipe gets. */
const pipeTimeoutMs = 2_000;

/**
 * The text of a small file, or of a pipe. Neither a pipe that nobody writes to nor a file without an end holds it up: a
 * read that waits in the file system takes a thread of the process with it, for good.
 *
 * @throws Error with a code
 */
export async function readTokenFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const bytes = Buffer.alloc(maxTokenFileBytes + 1);
    const end = performance.now() + pipeTimeoutMs;
    let length = 0;
    while (length < bytes.length) {
      const count = await readSome(file, bytes, length, end);
      if (count === 0) return bytes.toString('utf8', 0, length);
      length += count;
    }
    throw Object.assign(new Error(`The file has over ${maxTokenFileBytes} bytes.`), { code: 'EFBIG' });
  } finally {
    await file.close();
  }
}

/** Bytes read; 0 at the end. */
async function readSome(file: FileHandle, bytes: Buffer, from: number, end: number): Promise<number> {
  for (;;) {
    try {
      return (await file.read(bytes, from, bytes.length - from, null)).bytesRead;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > end) throw error;
      await pause(20);
    }
  }
}
