import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { maxTokenFileBytes } from '../config/check-path.ts';

/** Milliseconds to wait for the writer of a pipe. */
const pipeTimeoutMs = 2_000;

/**
 * Reads a small file or a pipe. It never blocks on a pipe without a writer or an endless file: a blocking read
 * would occupy a thread of the process forever.
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
    throw Object.assign(new Error(`The file is larger than ${maxTokenFileBytes} bytes.`), { code: 'EFBIG' });
  } finally {
    await file.close();
  }
}

/** Number of bytes read; 0 at the end. */
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
