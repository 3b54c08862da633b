import { stat } from 'node:fs/promises';
import { createDirectory } from './create-directory.ts';

/**
 * Creates a directory for this user only, unless it exists.
 *
 * @throws Error when it cannot be created, or others may write to it
 */
export async function openPrivateDirectory(directory: string): Promise<void> {
  await createDirectory(directory);
  await assertPrivateDirectory(directory);
}

/** @throws Error when it does not exist, or others may write to it */
export async function assertPrivateDirectory(directory: string): Promise<void> {
  const status = await stat(directory);
  if (!status.isDirectory()) throw new Error(`${directory} is not a directory.`);
  const { mode, uid } = status;
  const isOthers = process.getuid !== undefined && uid !== process.getuid();
  if (process.platform === 'win32' || (!isOthers && (mode & 0o022) === 0)) return;
  throw new Error(`${directory} must belong to this user and not be writable by others.`);
}
