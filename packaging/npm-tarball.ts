import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './project.ts';

/** A file of the tarball. */
export interface TarballFile {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
}

interface PackedPackage {
  readonly filename: string;
  readonly files: readonly TarballFile[];
}

/** npm of the Node that runs this; its own file where npm says it, since Windows starts no npm.cmd without a shell. */
export function runNpm(args: readonly string[], options: { cwd: string; env?: NodeJS.ProcessEnv }): string {
  const file = process.env.npm_execpath;
  const isProgram = file !== undefined && /\.[cm]?js$/.test(file);
  const [command, first] = isProgram ? [process.execPath, [file]] : ['npm', []];
  return execFileSync(command, [...first, ...args], {
    ...options,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 ** 2,
  });
}

function npmPack(...options: string[]): PackedPackage {
  // dist/ is built already: `prepare` would replace it while other programs read it.
  const text = runNpm(['pack', '--json', '--ignore-scripts', ...options], { cwd: fileURLToPath(root) });
  // npm 12 answers with an object by package name, older ones with a list.
  const [packed] = Object.values(JSON.parse(text) as Record<string, PackedPackage>);
  if (!packed) throw new Error('npm pack packed nothing.');
  return packed;
}

/** The files that the tarball of the built program would have. */
export const tarballFiles = (): readonly TarballFile[] => npmPack('--dry-run').files;

/** Packs the built program. Gives the path of the tarball. */
export function packTarball(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const { filename } = npmPack('--pack-destination', folder);
  return join(folder, filename);
}
