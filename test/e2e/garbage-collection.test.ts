import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHttpProgram } from './http-support.ts';
import { wordyText } from './large-objects.ts';
import { type LargeSynqly, startLargeSynqly } from './large-synqly.ts';
import { canary, startProgram } from './support.ts';

/*
 * All callers of a process wait while it collects garbage. V8 spreads that over time where it decides itself; a
 * collection that the program forces is done at once.
 */
const megabyte = 1024 * 1024;
const rows = Array.from({ length: 6_000 }, (_, at) => ({
  id: `id-${at}`,
  name: `row-${at}`,
  notes: wordyText(500),
}));
const contents = {
  '/v1/permissionsets': JSON.stringify({ result: rows }),
  '/v1/mappings/m': JSON.stringify({ result: { id: 'm', name: 'm', data: wordyText(4 * megabyte) } }),
};
const calls = [
  ['permissionset_list', {}],
  ['mappings_get', { mapping_id: 'm' }],
] as const;

let folder: string;
let synqly: LargeSynqly;
let options: Record<string, string>;
beforeAll(async () => {
  synqly = await startLargeSynqly(contents);
  folder = mkdtempSync(join(tmpdir(), 'collections-'));
  const watch = join(folder, 'watch.cjs');
  writeFileSync(
    watch,
    `const { PerformanceObserver, constants } = require('node:perf_hooks');
    new PerformanceObserver((list) => {
      for (const { detail } of list.getEntries())
        process.stderr.write(detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED ? 'forced\\n' : 'collected\\n');
    }).observe({ entryTypes: ['gc'] });`,
  );
  options = { NODE_OPTIONS: `--require ${watch}`, SYNQLY_PERMISSIONS: 'ignore' };
});
afterAll(() => {
  synqly.close();
  rmSync(folder, { recursive: true });
});

const linesOf = (text: string, line: string) => text.split('\n').filter((one) => one === line).length;

describe('large answers', () => {
  test('force no collection over HTTP, where others wait', async () => {
    const program = await startHttpProgram(['--base-url', synqly.url], options);
    for (const [tool, args] of calls)
      expect(await program.call(canary, tool, args)).not.toHaveProperty('error');
    await expect.poll(() => linesOf(program.stderr(), 'collected')).toBeGreaterThan(0);
    expect(linesOf(program.stderr(), 'forced')).toBe(0);
    await program.close();
  });

  test('force collections over stdio, so that the process stays small', async () => {
    const program = await startProgram(['--base-url', synqly.url], { ...options, SYNQLY_TOKEN: canary });
    for (const [tool, args] of calls) expect((await program.call(tool, args)).isError).toBe(false);
    await expect.poll(() => linesOf(program.stderr(), 'forced')).toBeGreaterThan(0);
    await program.close();
  });
});
