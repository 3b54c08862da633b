import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { access, lstat, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createDirectory } from '../../lib/create-directory.ts';
import { FormatError } from './format-error.ts';

/** A configuration file as it was read. */
export interface ClientFile {
  /** The file itself, behind any links. */
  readonly path: string;
  /** undefined if there is no file. */
  readonly bytes: Buffer | undefined;
  /** The content without the byte order mark. */
  readonly text: string;
  readonly mark: string;
}

const byteOrderMark = '\u{feff}';

/** Reads a configuration file. @throws FormatError when it is no text; Error when it cannot be read */
export async function readClientFile(path: string): Promise<ClientFile> {
  const target = await resolveLinks(path);
  const bytes = await readIfExists(target);
  if (bytes === undefined) return { path: target, bytes, text: '', mark: '' };
  if (!isUtf8(bytes) || bytes.includes(0)) throw new FormatError('it is not UTF-8 text');
  const content = bytes.toString('utf8');
  const mark = content.startsWith(byteOrderMark) ? byteOrderMark : '';
  return { path: target, bytes, text: content.slice(mark.length), mark };
}

/**
 * Writes a configuration file: as a whole or not at all, with its mode, and never over a change that somebody else has made
 * since it was read.
 *
 * @throws Error that says why it was not written
 */
export async function writeClientFile(file: ClientFile, text: string): Promise<Buffer> {
  const bytes = Buffer.from(file.mark + text);
  await createDirectory(dirname(file.path));
  const status = await statIfExists(file.path);
  // A rename would replace a file that may not be written.
  if (status) await access(file.path, constants.W_OK);
  if (status && status.nlink > 1) {
    await assertUnchanged(file);
    await writeFile(file.path, bytes);
    return bytes;
  }
  await replaceFile(file, bytes, status);
  return bytes;
}

/** Deletes a file that this program has created. @throws Error when it has changed since it was read */
export async function removeClientFile(file: ClientFile): Promise<void> {
  await assertUnchanged(file);
  await rm(file.path);
}

async function replaceFile(file: ClientFile, bytes: Buffer, status: Stats | undefined): Promise<void> {
  const temporary = `${file.path}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      if (status) {
        await handle.chmod(status.mode & 0o7777);
        // Where root configures the client of another user.
        if (process.getuid?.() === 0) await handle.chown(status.uid, status.gid);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await assertUnchanged(file);
    await rename(temporary, file.path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function assertUnchanged({ path, bytes }: ClientFile): Promise<void> {
  const now = await readIfExists(path);
  const isSame = now === undefined || bytes === undefined ? now === bytes : now.equals(bytes);
  if (!isSame) throw new Error('another program has changed it in the meantime: run the command again');
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

async function resolveLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const status = await lstat(path).catch(() => undefined);
    // Its target may be on a disk that is not mounted, and the link would be replaced.
    if (status?.isSymbolicLink()) throw new FormatError('it is a link to a file that does not exist');
    return path;
  }
}

async function readIfExists(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function statIfExists(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not do that',
  EPERM: 'this user may not do that',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is not a directory',
  ELOOP: 'it is a link that leads to itself',
  ENOSPC: 'the disk is full',
};

/** Why a configuration file could not be read or written, in words. */
export function describeFileError(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return reasons[code] ?? (code === '' ? message : code);
}
