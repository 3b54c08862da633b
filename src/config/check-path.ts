import type { Stats } from 'node:fs';
import { fs } from '../lib/node-builtins.ts';
import { ConfigError, type Setting } from './load-config.ts';

/** What a setting takes a path of. */
export type Wanted = 'token' | 'log' | 'directory';

/** A token has at most a few kilobytes. */
export const maxTokenFileBytes = 64 * 1024;

/**
 * Looks at the path of a setting before anything waits for it or reads it. One that names nothing passes: what belongs
 * there may be put there later. Nothing is opened, since the other end of a pipe would take note.
 *
 * @throws ConfigError where the path cannot be what the setting takes
 */
export function assertPath(
  { flag, env }: { readonly flag?: string | undefined; readonly env?: string | undefined },
  { value, source }: Setting<string | undefined>,
  wanted: Wanted,
): void {
  if (value === undefined) return;
  const why = whyUnfit(value, wanted);
  if (why === undefined) return;
  const name = source === 'flag' || env === undefined ? `--${flag}` : env;
  throw new ConfigError(`${name} ${why}: it takes the path of a ${kinds[wanted]}.`);
}

const kinds: Record<Wanted, string> = { token: 'file with a token', log: 'file', directory: 'directory' };

function whyUnfit(path: string, wanted: Wanted): string | undefined {
  let stat: Stats | undefined;
  try {
    stat = fs.statSync(path, { throwIfNoEntry: false });
    if (stat && wanted === 'token') fs.accessSync(path, fs.constants.R_OK);
  } catch (error) {
    const { code = 'no reason given' } = error as NodeJS.ErrnoException;
    return failures[code] ?? `cannot be looked at (${code})`;
  }
  // Not for ENOENT alone: Node tells nothing of a path through a file either.
  if (!stat) return isThroughFile(path) ? failures.ENOTDIR : undefined;
  if (wanted === 'directory') return stat.isDirectory() ? undefined : 'names no directory';
  if (stat.isDirectory()) return 'names a directory';
  if (stat.isSocket() || stat.isBlockDevice()) return 'names a socket or a disk';
  if (wanted === 'log') return undefined;
  if (stat.isCharacterDevice()) return 'names a device';
  // The token is read again and again, and what a pipe gives comes once.
  if (stat.isFIFO()) return 'names a pipe';
  return stat.size > maxTokenFileBytes ? `names a file of over ${maxTokenFileBytes / 1024} kB` : undefined;
}

const failures: Readonly<Record<string, string>> = {
  ENOTDIR: 'leads through a file',
  ELOOP: 'leads through symbolic links that go round in a circle',
  ENAMETOOLONG: 'is longer than this system allows',
  EACCES: 'names what this user may not read',
  EPERM: 'names what this user may not read',
};

function isThroughFile(path: string): boolean {
  try {
    fs.lstatSync(path);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR';
  }
}
