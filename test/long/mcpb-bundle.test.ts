import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bundle, commandOf, type FormValues, makeBundle, runMcpb } from '../../packaging/mcpb/bundle.ts';
import type { Manifest } from '../../packaging/mcpb/manifest.ts';
import { checkServer } from '../../packaging/start-server.ts';
import { builtCli } from '../e2e/support.ts';

let folder: string;
/** Where an application has unpacked the bundle; the path has a space. */
let unpacked: string;
let bundle: Bundle;
let manifest: Manifest;

beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'synqly-mcp-'));
  bundle = await makeBundle(join(folder, 'first'));
  unpacked = join(folder, 'Application Support');
  runMcpb('unpack', bundle.path, unpacked);
  manifest = JSON.parse(readFileSync(join(unpacked, 'manifest.json'), 'utf8'));
}, 300_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const start = async (values: FormValues) => checkServer(await commandOf(manifest, unpacked, values));
const namesOf = (tools: readonly { name: string }[] = []) => tools.map(({ name }) => name);

test('the manifest in the bundle names the tools that the server lists', async () => {
  expect(namesOf(manifest.tools)).toEqual(namesOf((await start({ sandbox: true, read_only: false })).tools));
  expect(namesOf(manifest.tools)).toContain('accounts_delete');
});

test('the form as it is, with the sandbox on, gives a server that only reads', async () => {
  const { tools, answer } = await start({ sandbox: true });
  expect(answer).toContain('sandbox');
  expect(namesOf(tools)).toContain('accounts_list');
  expect(namesOf(tools)).not.toContain('accounts_delete');
  expect(tools.length).toBeLessThan(manifest.tools?.length ?? 0);
});

test('a value of the form reaches the server', async () => {
  const { tools } = await start({ sandbox: true, surface: 'compact' });
  expect(namesOf(tools)).toContain('find_operations');
});

test('without a token and without the sandbox the server says what to fill in', async () => {
  await expect(start({})).rejects.toThrow(/No Synqly token is set/);
});

test('the staged server is the built program', async () => {
  const args = [builtCli, '--sandbox'];
  const built = await checkServer({ command: process.execPath, args, env: { PATH: process.env.PATH ?? '' } });
  expect(bundle.check.tools).toEqual(built.tools);
  expect(bundle.check.version).toBe(built.version);
});

test('two bundles of the same build are the same bytes, whatever the times of the files', async () => {
  const { atime } = statSync(builtCli);
  utimesSync(builtCli, atime, new Date());
  const second = await makeBundle(join(folder, 'second'));
  expect(readFileSync(second.path).equals(readFileSync(bundle.path))).toBe(true);
});

test('the bundle has its icon and its license', () => {
  const icon = readFileSync(join(unpacked, manifest.icon ?? ''));
  // Width and height in the first part of a PNG file.
  expect([icon.readUInt32BE(16), icon.readUInt32BE(20)]).toEqual([512, 512]);
  expect(readFileSync(join(unpacked, 'LICENSE'), 'utf8')).toContain('Apache License');
});
