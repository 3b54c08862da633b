import { randomUUID } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { exists } from '../../lib/create-directory.ts';
import { parseJson } from '../../lib/json.ts';
import { openPrivateDirectory } from '../../lib/private-directory.ts';
import { type Grant, grantSchema } from './mcp-token.ts';
import { type TokenStore, unexpired } from './store.ts';

/** Maximum cached grants. A cached grant is valid while its file exists; files never change. */
const maxCached = 10_000;
const fileName = /^([0-9a-f]{64})\.json$/;

/**
 * A directory with one file per grant, named by the token's hash. Processes share it without locks: adding is a
 * rename, revoking an unlink, and a token is valid while its file exists.
 *
 * @throws Error when the directory cannot be created, or others may write to it
 */
export async function openDirectoryStore(directory: string): Promise<TokenStore> {
  // Anyone who can write to the store can add valid tokens.
  await openPrivateDirectory(directory);
  const known = new LRUCache<string, Grant>({ max: maxCached });
  const fileOf = (hash: string) => join(directory, `${hash}.json`);

  const find = async (hash: string): Promise<Grant | undefined> => {
    const cached = known.get(hash);
    if (cached) {
      if (await exists(fileOf(hash))) return cached;
      known.delete(hash);
      return undefined;
    }
    const grant = await readGrant(fileOf(hash), hash);
    if (grant) known.set(hash, grant);
    return grant;
  };
  const readAll = async (): Promise<Grant[]> => {
    const hashes = (await readdir(directory)).flatMap((name) => fileName.exec(name)?.[1] ?? []);
    return (await Promise.all(hashes.map(find))).filter((grant) => grant !== undefined);
  };
  const revoke = async (hash: string): Promise<boolean> => {
    known.delete(hash);
    const had = await exists(fileOf(hash));
    await rm(fileOf(hash), { force: true });
    return had;
  };

  return {
    add: async (grant) => {
      const all = await readAll();
      const current = new Set(unexpired(all));
      await Promise.all(all.filter((one) => !current.has(one)).map(({ hash }) => revoke(hash)));
      await write(join(directory, `.${randomUUID()}.tmp`), fileOf(grant.hash), JSON.stringify(grant));
    },
    find,
    list: async () => unexpired(await readAll()),
    revoke,
    close: async () => {},
  };
}

async function readGrant(path: string, hash: string): Promise<Grant | undefined> {
  try {
    const { data } = grantSchema.safeParse(parseJson(await readFile(path, 'utf8')));
    return data?.hash === hash ? data : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes the file completely or not at all, even if the machine stops meanwhile. */
async function write(temporary: string, path: string, text: string): Promise<void> {
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
