import { chmodSync, cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { builtCli } from './support.ts';

/** An ordinary user, where the tests run as root: permissions of files mean nothing to root. */
export const ordinaryUser = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** The built program at a path that the ordinary user can read. The checkout may be in a folder of root alone. */
export const readableCli = ordinaryUser.uid === undefined ? builtCli : copyForEverybody();

function copyForEverybody(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'readable-cli-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  cpSync(dirname(builtCli), join(folder, 'dist'), { recursive: true });
  chmodSync(folder, 0o755);
  return join(folder, 'dist', 'cli.js');
}
