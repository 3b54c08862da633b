import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packTarball, runNpm } from '../../packaging/npm-tarball.ts';
import { readPackageFile } from '../../packaging/project.ts';
import { checkServer, type ServerCheck } from '../../packaging/start-server.ts';
import { builtCli, cleanEnvironment } from '../e2e/support.ts';

const { version } = readPackageFile();

let base: string;
/** An empty folder whose path has spaces and letters beyond ASCII, with the tarball installed in it. */
let folder: string;
let installed: string;
let expected: ServerCheck;

beforeAll(async () => {
  base = mkdtempSync(join(realpathSync(tmpdir()), 'synqly-mcp-'));
  folder = join(base, 'Über uns 株式会社');
  mkdirSync(folder);
  const tarball = packTarball(join(base, 'the tarball é'));
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  runNpm(['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: folder });
  installed = join(folder, 'node_modules/synqly-mcp/dist/cli.js');
  expected = await start(process.execPath, [builtCli, '--sandbox']);
}, 300_000);

afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

const start = (command: string, args: string[], env = cleanEnvironment()) =>
  checkServer({ command, args, env, cwd: folder });

function expectSameServer(found: ServerCheck) {
  expect(found.version).toBe(version);
  expect(found.tools).toEqual(expected.tools);
  expect(found.answer).toContain('sandbox');
}

test('the installed tarball has no dependencies', () => {
  const { dependencies } = JSON.parse(runNpm(['ls', '--all', '--json'], { cwd: folder }));
  expect(Object.keys(dependencies)).toEqual(['synqly-mcp']);
  expect(dependencies['synqly-mcp'].dependencies).toBeUndefined();
});

test('npx starts the installed command in a path with spaces and letters beyond ASCII', async () => {
  expect(
    execFileSync('npx', ['--no', '--', 'synqly-mcp', '--version'], { cwd: folder, encoding: 'utf8' }),
  ).toBe(`${version}\n`);
  expectSameServer(await start('npx', ['--no', '--', 'synqly-mcp', '--sandbox']));
});

describe.each(['20.20', '22', '24'])('Node %s', (release) => {
  const node = nodeOf(release);
  const skipped = `: skipped, the npm registry gives no node@${release}`;
  test.skipIf(node === undefined)(`runs the installed tarball${node ? '' : skipped}`, async () => {
    expectSameServer(await start(String(node), [installed, '--sandbox']));
  });
});

/** A Node of this release from the npm registry; undefined where there is none. */
function nodeOf(release: string): string | undefined {
  if (process.versions.node.startsWith(`${release}.`)) return process.execPath;
  const args = ['--yes', `--package=node@${release}`, '--', 'node', '-p', 'process.execPath'];
  const { status, stdout } = spawnSync('npx', args, { encoding: 'utf8', timeout: 120_000 });
  return status === 0 && stdout.trim() !== '' ? stdout.trim() : undefined;
}

describe('as a user without a home, on a read-only tree', () => {
  const canSwitchUser =
    process.getuid?.() === 0 &&
    spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'true']).status === 0;
  const skipped = canSwitchUser ? '' : ': skipped, only root can start programs as another user';

  test.skipIf(!canSwitchUser)(`lists and calls tools${skipped}`, async () => {
    const tree = join(base, 'read-only tree');
    cpSync(join(folder, 'node_modules'), tree, { recursive: true });
    execFileSync('chmod', ['-R', 'a=rX', tree]);
    chmodSync(base, 0o755);
    const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs'];
    const cli = join(tree, 'synqly-mcp/dist/cli.js');
    const written = spawnSync('setpriv', [...asNobody, 'touch', join(tree, 'x')]);
    expect(written.status, 'the tree can be written to').not.toBe(0);
    // No variable at all, HOME among them.
    const found = await checkServer({
      command: 'setpriv',
      args: [...asNobody, 'env', '-i', process.execPath, cli, '--sandbox'],
      env: { PATH: process.env.PATH ?? '' },
      cwd: tree,
    });
    expectSameServer(found);
  });
});
