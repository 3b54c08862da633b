import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPackageFile, root } from '../../packaging/project.ts';

const project = fileURLToPath(root);
const { version } = readPackageFile();

let folder: string;
let copy: string;

/** Hard links, where both folders are on one disk; copies otherwise. */
function copyFolder(from: string, to: string) {
  if (spawnSync('cp', ['-al', from, to]).status === 0) return;
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

beforeAll(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'synqly-mcp-'));
  copy = join(folder, 'a clone');
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: project,
    encoding: 'utf8',
  });
  for (const name of listed.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(copy, name)), { recursive: true });
    cpSync(join(project, name), join(copy, name));
  }
  const libraries = join(copy, 'node_modules');
  mkdirSync(libraries);
  // Caches and the like are named with a dot; npm and the build need none of them.
  for (const name of readdirSync(join(project, 'node_modules')).filter((one) => !one.startsWith('.')))
    copyFolder(join(project, 'node_modules', name), join(libraries, name));
}, 300_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
}, 300_000);

function releaseCheck(...options: string[]) {
  const args = ['node_modules/tsx/dist/cli.mjs', 'packaging/release-check.ts', ...options];
  return spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8', timeout: 500_000 });
}

const read = (name: string) => readFileSync(join(copy, 'build', name));

test('in a fresh clone everything is built, started, compared, and listed with size and hash', () => {
  const { status, stdout, stderr } = releaseCheck();
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const files = [`synqly-mcp-${version}.tgz`, `synqly-mcp-${version}.mcpb`];
  const hashes = files.map((name) => createHash('sha256').update(read(name)).digest('hex'));
  for (const [index, name] of files.entries()) {
    const line = stdout.split('\n').find((one) => one.startsWith(name));
    expect(line).toContain(read(name).length.toLocaleString('en-US'));
    expect(line).toMatch(new RegExp(`\\s\\d+\\s+same\\s+${hashes[index]}$`));
    const bill = JSON.parse(String(read(`${name}.cdx.json`)));
    expect(bill.metadata.component.hashes[0].content).toBe(hashes[index]);
  }
  expect(String(read('SHA256SUMS'))).toBe(files.map((name, index) => `${hashes[index]}  ${name}\n`).join(''));
  const [, bundle] = JSON.parse(String(read('server.json'))).packages;
  expect(bundle.fileSha256).toBe(hashes[1]);
});

test('a release is refused as long as the changelog and the address of the repository are not ready', () => {
  const file = { ...readPackageFile(), version: '9.9.9' };
  writeFileSync(join(copy, 'package.json'), `${JSON.stringify(file, null, 2)}\n`);
  const { status, stderr } = releaseCheck('--release');
  expect(status).toBe(1);
  expect(stderr).toContain('CHANGELOG.md: the newest version with a date');
  expect(stderr).toContain('package-lock.json: the version is not 9.9.9');
  expect(stderr).toContain('server.json is not up to date');
  expect(stderr).toContain('package.json: set repository.url');
});
