import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assertPrivateDirectory, openPrivateDirectory } from '../../lib/private-directory.ts';
import type { UsedMarks } from './used-marks.ts';

/** Milliseconds between two searches for marks that are no longer needed. */
const sweepIntervalMs = 60_000;

/** Another process may just have created a mark: until its time is set, it has that of the file system's clock. */
const unfinishedMs = 10 * 60_000;
const markName = /^[0-9a-f]+\.used$/;

/**
 * A directory with one empty file per mark, which several processes can share. The modification time of a file says until
 * when it is needed.
 *
 * @throws Error when the directory cannot be created, or others may write to it
 */
export async function openDirectoryMarks(directory: string): Promise<UsedMarks> {
  // Anyone who can write to it can remove marks.
  await openPrivateDirectory(directory);
  let lastSweep = 0;

  const sweep = async (now: number): Promise<void> => {
    lastSweep = now;
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      if (!markName.test(name)) continue;
      const mark = await stat(path).catch(() => undefined);
      // A file that cannot be removed does no harm.
      if (mark && mark.mtimeMs <= now - unfinishedMs) await rm(path, { force: true }).catch(() => {});
    }
  };

  return {
    use: async (id, until) => {
      // It may have been replaced while the server runs.
      await assertPrivateDirectory(directory);
      const now = Date.now();
      if (now - lastSweep >= sweepIntervalMs) await sweep(now);
      return create(join(directory, `${id}.used`), until);
    },
    close: async () => {},
  };
}

/** Creates the file of a mark. Returns false if it exists. */
async function create(path: string, until: number): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.utimes(new Date(), new Date(until));
      // The mark must outlast a crash of the machine.
      await file.sync();
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
