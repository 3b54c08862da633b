import type { Stats } from 'node:fs';
import { fs } from '../lib/node-builtins.ts';
import { ConfigError, type Setting } from './load-config.ts';

/** The kind of path that a setting takes. */
export type PathKind = 'token' | 'key' | 'log' | 'directory' | 'output directory';

/** Tokens have at most a few kilobytes. */
export const maxTokenFileBytes = 64 * 1024;

/**
 * Checks the path of a setting at start. A path that does not exist passes: the file may be created later. Nothing
 * is opened, since a pipe's other end would notice.
 *
 * @throws ConfigError when the path cannot be of the required kind
 */
export function assertPath(
  definition: SettingNames,
  setting: Setting<string | undefined>,
  kind: PathKind,
): void {
  if (setting.value === undefined) return;
  const why = problemWith(setting.value, kind);
  if (why === undefined) return;
  throw new ConfigError(
    `${nameOfSetting(definition, setting)} ${why}: it takes the path of a ${kinds[kind]}.`,
  );
}

interface SettingNames {
  readonly flag?: string | undefined;
  readonly env?: string | undefined;
}

/** The flag or variable that set a value. */
export function nameOfSetting(
  { flag, env }: SettingNames,
  { source }: Pick<Setting<unknown>, 'source'>,
): string {
  return source === 'flag' || env === undefined ? `--${flag}` : env;
}

const kinds: Record<PathKind, string> = {
  token: 'file with a token',
  key: 'file with a key',
  log: 'file',
  directory: 'directory',
  'output directory': 'directory that exists',
};

function problemWith(path: string, kind: PathKind): string | undefined {
  let stat: Stats | undefined;
  try {
    stat = fs.statSync(path, { throwIfNoEntry: false });
    if (stat && (kind === 'token' || kind === 'key')) fs.accessSync(path, fs.constants.R_OK);
    if (stat && kind === 'output directory') fs.accessSync(path, fs.constants.W_OK);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    return failures[code] ?? `cannot be read (${code})`;
  }
  if (!stat && kind === 'output directory') return 'does not exist';
  // Node also returns nothing for a path through a file (ENOTDIR).
  if (!stat) return isThroughFile(path) ? failures.ENOTDIR : undefined;
  if (kind === 'directory' || kind === 'output directory')
    return stat.isDirectory() ? undefined : 'is not a directory';
  if (stat.isDirectory()) return 'is a directory';
  if (stat.isSocket() || stat.isBlockDevice()) return 'is a socket or a disk';
  if (kind === 'log') return undefined;
  if (stat.isCharacterDevice()) return 'is a device';
  // The token is read repeatedly, but a pipe can be read only once.
  if (stat.isFIFO()) return 'is a pipe';
  return stat.size > maxTokenFileBytes ? `is a file larger than ${maxTokenFileBytes / 1024} kB` : undefined;
}

const failures: Readonly<Record<string, string>> = {
  ENOTDIR: 'has a file where a directory should be',
  ELOOP: 'has a loop of symbolic links',
  ENAMETOOLONG: 'is longer than this system allows',
  EACCES: 'is not accessible to this user',
  EPERM: 'is not accessible to this user',
};

function isThroughFile(path: string): boolean {
  try {
    fs.lstatSync(path);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR';
  }
}
