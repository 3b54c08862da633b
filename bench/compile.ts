import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Compiles the sources file by file, as a server without a bundler ships.
 *
 * @param entry a source file from the root, without its ending
 * @returns the compiled file
 */
export function compileUnbundled(entry: string): string {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const out = `${root}bench/.build`;
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const options = [
    '--noEmit',
    'false',
    '--allowImportingTsExtensions',
    'false',
    '--rootDir',
    root,
    '--outDir',
    out,
  ];
  execFileSync('npx', ['tsc', ...options], { cwd: root, stdio: 'inherit' });
  cpSync(`${root}package.json`, `${out}/package.json`);
  return `${out}/${entry}.js`;
}
