import { createHash } from 'node:crypto';
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { stateDirectory } from '../../config/state-directory.ts';
import { openPrivateDirectory } from '../../lib/private-directory.ts';
import { writeNewFile } from '../../lib/write-new-file.ts';

/** The directory for what the user has configured: the token. */
export function configDirectory(environment: NodeJS.ProcessEnv): string {
  const { XDG_CONFIG_HOME, APPDATA } = environment;
  const parent = process.platform === 'win32' && APPDATA ? APPDATA : XDG_CONFIG_HOME;
  return join(parent || join(homedir(), '.config'), 'synqly-mcp');
}

/** The file with the token of a region, or of a self-hosted Synqly by its host. */
export const tokenFileOf = (environment: NodeJS.ProcessEnv, where: string): string =>
  join(configDirectory(environment), `token-${where.replaceAll(/[^\w.-]/g, '_')}`);

/** Writes the token file, for this user only. @throws Error when it cannot be written */
export async function writeTokenFile(path: string, directory: string, token: string): Promise<void> {
  await openPrivateDirectory(directory);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, `${token}\n`, { flag: 'wx', mode: 0o600 });
    await chmod(temporary, 0o600);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** What `init` has done to a file, for `--remove`. */
export interface ChangeRecord {
  readonly path: string;
  /** Whether the file was there. */
  readonly existed: boolean;
  /** The copy of the file as it was. */
  readonly backup?: string;
  /** Hash of the file as `init` wrote it. While it is the same, the copy can be put back. */
  readonly written: string;
  /** Whether `init` has added the object that lists the servers. */
  readonly addedList: boolean;
}

export const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The records and copies of one user. */
export function changeRecords(environment: NodeJS.ProcessEnv) {
  const directory = join(stateDirectory(environment), 'clients');
  const fileOf = (path: string, name: string) =>
    join(directory, `${hashOf(Buffer.from(`${path}\n${name}`)).slice(0, 24)}.json`);
  return {
    async backUp(path: string, bytes: Buffer): Promise<string> {
      await openPrivateDirectory(directory);
      const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
      return writeNewFile(directory, `${stamp}-${basename(path)}`, bytes);
    },
    async read(path: string, name: string): Promise<ChangeRecord | undefined> {
      try {
        return JSON.parse(await readFile(fileOf(path, name), 'utf8'));
      } catch {
        // Without a record, the entry is cut out of the file.
        return undefined;
      }
    },
    async write(record: ChangeRecord, name: string): Promise<void> {
      await openPrivateDirectory(directory);
      await writeFile(fileOf(record.path, name), `${JSON.stringify(record)}\n`, { mode: 0o600 });
    },
    async forget(path: string, name: string): Promise<void> {
      await rm(fileOf(path, name), { force: true });
    },
  };
}
