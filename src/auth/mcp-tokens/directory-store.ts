import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { parseJson } from '../../lib/json.ts';
import { type Grant, grantSchema } from './mcp-token.ts';
import { type TokenStore, unexpired } from './store.ts';

/** Grants that are not read again while their file stands; files never change once they have their name. */
const maxRemembered = 10_000;
const fileName = /^([0-9a-f]{64})\.json$/;

/**
 * A directory with a file for each grant, named by its hash. Several processes need no lock on it: adding is a
 * rename, revoking an unlink, and a token works as long as its file stands.
 *
 * @throws Error when the directory cannot be made, or others may write into it
 */
export async function openDirectoryStore(directory: string): Promise<TokenStore> {
  await makeFolders(directory);
  await assertOwn(directory);
  const known = new LRUCache<string, Grant>({ max: maxRemembered });
  const fileOf = (hash: string) => join(directory, `${hash}.json`);

  const find = async (hash: string): Promise<Grant | undefined> => {
    const remembered = known.get(hash);
    if (remembered) {
      if (await exists(fileOf(hash))) return remembered;
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

/** Makes a directory and those above it. Node's own way of it never ends where the system lets nobody make one, as in /proc. */
async function makeFolders(directory: string): Promise<void> {
  if (await isMade(directory)) return;
  await makeFolders(dirname(directory));
  if (!(await isMade(directory))) throw new Error(`${directory} cannot be made.`);
}

/** Whether there is something under the name now; false where what is above it is missing. */
async function isMade(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || dirname(directory) === directory) return true;
    if (code === 'ENOENT') return false;
    // Where nothing can be made, it may be there all the same.
    if (await exists(directory).catch(() => false)) return true;
    throw error;
  }
}

/** A token store that others may write into would let them in. */
async function assertOwn(directory: string): Promise<void> {
  const status = await stat(directory);
  if (!status.isDirectory()) throw new Error(`${directory} is no directory.`);
  const { mode, uid } = status;
  const isOthers = process.getuid !== undefined && uid !== process.getuid();
  if (process.platform === 'win32' || (!isOthers && (mode & 0o022) === 0)) return;
  throw new Error(`${directory} must belong to this user and be writable by nobody else.`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
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

/** Whole or not at all, also when the machine stops in between. */
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
