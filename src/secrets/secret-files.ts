/** Writes the file of a secret, which only its owner can read. A file of the same name is that of the same secret. @returns its path */
export async function writeSecret(directory: string, name: string, secret: string): Promise<string> {
  const { join } = await import('node:path');
  try {
    return await writeNewSecret(directory, name, secret);
  } catch (error) {
    // The secret was written before: handles are unique.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return join(directory, name);
  }
}

/** Writes the file of a new secret. @returns its path @throws Error when there is such a file, or it cannot be written in full */
export async function writeNewSecret(directory: string, name: string, secret: string): Promise<string> {
  const [{ writeFile }, { join }] = await Promise.all([import('node:fs/promises'), import('node:path')]);
  const path = join(directory, name);
  try {
    await writeFile(path, secret, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await deleteSecret(directory, name);
    throw error;
  }
  return path;
}

/** Deletes the file of a secret, if there is one. */
export async function deleteSecret(directory: string, name: string): Promise<void> {
  const [{ rm }, { join }] = await Promise.all([import('node:fs/promises'), import('node:path')]);
  await rm(join(directory, name), { force: true });
}
