import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDirectory } from '../lib/create-directory.ts';
import { maxStoredAgeMs, type StoredPermissions, toStored } from './stored-permissions.ts';

/** Maximum files that are left: an HTTP server may serve many tokens. */
const maxFiles = 1_000;

/** Milliseconds between removals of old files. */
const removalIntervalMs = 60 * 60_000;
let nextRemoval = 0;

const ownFile = /^([0-9a-f]{64}\.json|\.[0-9a-f-]{36}\.tmp)$/;

/**
 * Stores permissions in a file that only this user can read, completely or not at all. Removes files that are no longer
 * used.
 *
 * @throws Error when the directory or the file cannot be written
 */
export async function storePermissions(
  directory: string,
  name: string,
  permissions: StoredPermissions,
): Promise<void> {
  await createDirectory(directory);
  await removeOldFiles(directory);
  const temporary = join(directory, `.${randomUUID()}.tmp`);
  try {
    await writeFile(temporary, JSON.stringify(toStored(permissions, name)), { flag: 'wx', mode: 0o600 });
    await rename(temporary, join(directory, `${name}.json`));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function removeOldFiles(directory: string): Promise<void> {
  if (performance.now() < nextRemoval) return;
  nextRemoval = performance.now() + removalIntervalMs;
  const names = (await readdir(directory)).filter((name) => ownFile.test(name));
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      // Another process may have removed it.
      const time = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
      return { path, time };
    }),
  );
  const oldest = Date.now() - maxStoredAgeMs;
  files.sort((one, other) => other.time - one.time);
  const removed = files.filter(({ time }, place) => time < oldest || place >= maxFiles);
  await Promise.all(removed.map(({ path }) => rm(path, { force: true })));
}
