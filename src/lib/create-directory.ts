import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Creates a directory for this user only, and its parents. Node's recursive mkdir never returns where the system forbids
 * creating directories, such as in /proc.
 *
 * @throws Error when it cannot be created
 */
export async function createDirectory(directory: string): Promise<void> {
  if (await tryMkdir(directory)) return;
  await createDirectory(dirname(directory));
  if (!(await tryMkdir(directory))) throw new Error(`${directory} cannot be created.`);
}

/** Creates one directory. Returns false if its parent is missing. */
async function tryMkdir(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || dirname(directory) === directory) return true;
    if (code === 'ENOENT') return false;
    // On a read-only file system, the directory may exist all the same.
    if (await exists(directory).catch(() => false)) return true;
    throw error;
  }
}

/** Whether there is something at a path. @throws Error when that cannot be found out */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
