import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/*
 * The build replaces modules and parts of libraries, which rests on how they are written. Where a release writes them
 * differently, the build must fail: without its replacements it would go on, and only be slower.
 */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'build-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

// biome-ignore lint/suspicious/noExplicitAny: scripts have no types
const script = async (name: string): Promise<any> =>
  import(new URL(`../../scripts/${name}.mjs`, import.meta.url).href);

const { leaveOut } = await script('leave-out');
const { pureConstants } = await script('pure-constants');
const { evaluateAtBuild } = await script('evaluate');
const { oneStartFile } = await script('one-start-file');
const { undiciDispatchers } = await script('undici-dispatchers');

/** Bundles files, the first of which is the entry point; gives the text of all bundled files. */
async function bundle(files: Record<string, string>, plugin: Plugin): Promise<string> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: [Object.keys(files)[0] as string],
    outdir: join(folder, 'out'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    metafile: true,
    write: false,
    logLevel: 'silent',
    plugins: [plugin],
  });
  return outputFiles.map(({ text }) => text).join('\n');
}

describe('a module that is left out', () => {
  const files = {
    'uses.js': `import { Validator } from './validator.js'; console.log(Validator);`,
    'validator.js': `export const Validator = 'the large one';`,
  };

  test('is replaced', async () => {
    const text = await bundle(files, leaveOut({ 'validator\\.js$': `export const Validator = 'none';` }));
    expect(text).toContain('none');
    expect(text).not.toContain('the large one');
  });

  test('fails the build where nothing imports it', async () => {
    const moved = leaveOut({ 'other-validator\\.js$': `export const Validator = 'none';` });
    await expect(bundle(files, moved)).rejects.toThrow('No import matches other-validator');
  });

  test('fails the build where what is imported of it has another name', async () => {
    const renamed = leaveOut({ 'validator\\.js$': `export const Checker = 'none';` });
    await expect(bundle(files, renamed)).rejects.toThrow('No matching export');
  });
});

describe('constants that are marked as free of side effects', () => {
  const files = (types: string) => ({
    'uses.js': `import { UsedSchema } from './types.js'; console.log(UsedSchema);`,
    'types.js': `const z = { object: (name) => globalThis.make(name) };\n${types}`,
  });
  const types = `export const UsedSchema = z.object('used');\nexport const UnusedSchema = z.object('unused');\n`;

  test('are dropped where nothing uses them', async () => {
    const text = await bundle(files(types), pureConstants(/types\.js$/, 2));
    expect(text).toContain('"used"');
    expect(text).not.toContain('"unused"');
  });

  test.each([
    ['are written in another way', types.replaceAll('const', 'let'), /types\.js$/],
    ['are in another module', types, /other\.js$/],
  ])('fail the build where they %s', async (_, text, module) => {
    const plugin = pureConstants(module, 2);
    await expect(bundle(files(text), plugin)).rejects.toThrow('has 0 constants that could be marked');
  });
});

describe('a module that is evaluated', () => {
  const files = (value: string) => ({
    'uses.js': `import { value } from './published.ts'; console.log(value);`,
    'published.ts': `export const value = ${value};`,
  });

  test('is replaced by what it exports', async () => {
    const text = await bundle(files('{ sum: 20 + 3, missing: undefined }'), evaluateAtBuild('published.ts'));
    expect(text).toContain('{"sum":23}');
    expect(text).not.toContain('20 + 3');
  });

  test.each([
    '() => 1',
    '[undefined]',
    '{ at: new Date(0) }',
    '{ one: Number.NaN }',
    '{ few: new Set([1]) }',
  ])('fails the build where it exports %s', async (value) => {
    await expect(bundle(files(value), evaluateAtBuild('published.ts'))).rejects.toThrow('value is not JSON');
  });

  test('fails the build where it is not bundled', async () => {
    const plugin = evaluateAtBuild('published.ts', 'compact/published.ts');
    await expect(bundle(files('1'), plugin)).rejects.toThrow('compact/published.ts is not bundled');
  });
});

describe('the dispatchers of undici', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  /** Bundles a module of the project's root, where undici is installed. */
  const bundleModule = async (contents: string, sourcefile: string): Promise<string> => {
    const { outputFiles } = await build({
      absWorkingDir: root,
      stdin: { contents, sourcefile, resolveDir: root },
      bundle: true,
      format: 'esm',
      platform: 'node',
      write: false,
      logLevel: 'silent',
      plugins: [undiciDispatchers('dispatcher.ts')],
    });
    return outputFiles.map(({ text }) => text).join('');
  };
  const uses = `import { Agent, EnvHttpProxyAgent, Pool } from 'undici'; console.log(Agent, EnvHttpProxyAgent, Pool);`;

  test('come without fetch and WebSockets', async () => {
    const text = await bundleModule(uses, join(root, 'dispatcher.ts'));
    expect(text).toContain('undici/lib/dispatcher/pool.js');
    expect(text).not.toContain('undici/lib/web/websocket/');
    expect(text).not.toContain('undici/lib/web/fetch/index.js');
  });

  test('fail the build where the module does not import undici', async () => {
    await expect(bundleModule(uses, join(root, 'another.ts'))).rejects.toThrow('does not import undici');
  });
});

describe('the start', () => {
  const shared = { 'shared.ts': `export const shared = 'shared';` };
  const start = {
    'start.ts': `import { shared } from './shared.ts'; console.log(shared, () => import('./later.ts'));`,
    ...shared,
  };
  const later = {
    'later.ts': `import { shared } from './shared.ts'; export const later = 'later ' + shared;`,
  };

  test('is in one file, also where what is loaded later shares its modules', async () => {
    const text = await bundle({ ...start, ...later }, oneStartFile(join(folder, 'start.ts')));
    expect(text).toContain('later');
  });

  test('fails the build where it is in several', async () => {
    const javascript = Object.fromEntries(
      Object.entries({ ...start, ...later }).map(([name, text]) => [
        name.replace('later.ts', 'later.mjs'),
        text.replace('later.ts', 'later.mjs'),
      ]),
    );
    const plugin = oneStartFile(join(folder, 'start.ts'));
    await expect(bundle(javascript, plugin)).rejects.toThrow('The start is in 2 files');
  });
});
