import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { budgets } from '../../src/cli/token-cost/budgets.ts';
import { firstFile, loadedAtStart } from './loaded.ts';
import { builtCli, cleanEnvironment, startProgram } from './support.ts';

interface Cost {
  readonly name: string;
  readonly tokens: number;
  readonly budget?: number;
}

function run(args: string[], env: Record<string, string> = {}) {
  const options = { env: cleanEnvironment(env), encoding: 'utf8', timeout: 60_000 } as const;
  return spawnSync(process.execPath, [builtCli, ...args], options);
}

const jsonOf = (...args: Parameters<typeof run>) => JSON.parse(run(...args).stdout);

describe('synqly-mcp tools', () => {
  test.each([
    [[]],
    [['--surface', 'compact']],
    [['--read-only', '--toolsets', 'accounts,sub-orgs']],
    [['--toolsets', 'onboard', '--deny', '*_delete', '--allow', 'members_list']],
    [['--account', 'acme', '--confirm', 'never']],
    [['--environment', 'test', '--surface', 'compact', '--read-only']],
  ])('%j lists what a server with these settings lists', async (flags) => {
    const program = await startProgram(['--sandbox', ...flags]);
    const { tools } = await program.client.listTools();
    await program.close();
    const listed = jsonOf(['tools', '--json', ...flags]);
    expect(listed.map(({ name }: Cost) => name)).toEqual(tools.map(({ name }) => name));
    const { stdout } = run(['tools', ...flags]);
    for (const { name, effect, title } of listed)
      expect(stdout).toMatch(new RegExp(`^${name} +${effect} +${title}$`, 'm'));
    expect(stdout).toContain(`\n${tools.length} tools: `);
  });

  test('shows what each tool can do, built-in tools included', () => {
    const effects = Object.fromEntries(
      [...jsonOf(['tools', '--json']), ...jsonOf(['tools', '--json', '--surface', 'compact'])].map((tool) => [
        tool.name,
        tool.effect,
      ]),
    );
    expect(effects).toMatchObject({
      accounts_list: 'read',
      accounts_create: 'create',
      accounts_update: 'change',
      tokens_reset: 'destroy',
      confirm_call: 'destroy',
      find_operations: 'read',
      run_write: 'change',
      run_destroy: 'destroy',
    });
  });

  test('takes settings from before its name and from the environment, and needs no token', () => {
    const expected = jsonOf(['tools', '--json', '--toolsets', 'accounts']);
    expect(expected.length).toBeLessThan(20);
    expect(jsonOf(['--toolsets', 'accounts', 'tools', '--json'])).toEqual(expected);
    expect(jsonOf(['tools', '--json'], { SYNQLY_TOOLSETS: 'accounts' })).toEqual(expected);
  });

  test('refuses what a server refuses', () => {
    const { status, stderr, stdout } = run(['tools', '--toolsets', 'acounts']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('acounts');
    expect(run(['tools', '--surface', 'tiny']).stderr).toContain('--surface');
  });
});

describe('synqly-mcp tools --tokens', () => {
  const costs = jsonOf(['tools', '--tokens', '--json']);

  test('measures what the snapshot says', async () => {
    await expect(`${JSON.stringify(costs, null, 2)}\n`).toMatchFileSnapshot('./snapshots/costs.json');
  });

  test('measures the same with settings that concern results', () => {
    const env = { SYNQLY_MAX_RESULT_TOKENS: '1000' };
    expect(jsonOf(['tools', '--tokens', '--json'], env)).toEqual(costs);
  });

  test('everything is within its budget', () => {
    const all: Cost[] = [...costs.surfaces, ...costs.tools, ...costs.answers];
    expect(all.filter(({ budget }) => budget === undefined)).toEqual([]);
    expect(all.filter(({ tokens, budget = 0 }) => tokens > budget)).toEqual([]);
    const byName = Object.fromEntries(costs.surfaces.map(({ name, budget }: Cost) => [name, budget]));
    expect(byName).toEqual({
      full: budgets.full,
      'full, read tools': budgets.reading,
      'full, preset observe': budgets.observe,
      'full, instructions': budgets.instructions,
      compact: budgets.compact,
      'compact, with instructions': budgets.compactStart,
    });
  });

  test('groups and tools add up to the whole', () => {
    const sum = (list: Cost[]) => list.reduce((all, { tokens }) => all + tokens, 0);
    const [{ tokens }] = costs.surfaces;
    expect(sum(costs.groups)).toBe(tokens);
    expect(sum(costs.tools)).toBe(tokens);
    expect(costs.tools.length).toBe(costs.surfaces[0].tools);
  });

  test('lists the most expensive first', () => {
    for (const list of [costs.groups, costs.tools]) {
      const tokens = list.map((one: Cost) => one.tokens);
      expect(tokens).toEqual(tokens.toSorted((one: number, other: number) => other - one));
    }
  });

  test('measures only the tools that the settings leave', () => {
    const few = jsonOf(['tools', '--tokens', '--json', '--toolsets', 'accounts', '--surface', 'compact']);
    expect(few.groups.map(({ name }: Cost) => name)).toEqual(['accounts', 'built-in tools']);
    expect(few.tools.map(({ name }: Cost) => name)).toContain('run_read');
    expect(few.surfaces[0].tokens).toBeLessThan(1_000);
    const asked = few.answers.map(({ tool }: { tool: string }) => tool);
    expect(asked).toContain('accounts_list');
    expect(asked).not.toContain('status_list');
  });

  test('prints a table with aligned figures beside their budgets', () => {
    const { stdout } = run(['tools', '--tokens']);
    const lines = stdout.split('\n');
    const cells = (start: string) => lines.find((line) => line.startsWith(start))?.split(/ {2,}/);
    const [full] = costs.surfaces;
    const share = `${Math.round((100 * full.tokens) / 12_500)} %`;
    expect(cells('full  ')).toEqual([
      'full',
      `${full.tools}`,
      full.tokens.toLocaleString('en-US'),
      '12,500',
      share,
    ]);
    const heading = lines.find((line) => line.startsWith('TOOLS')) ?? '';
    const end = heading.indexOf('budget') + 'budget'.length;
    for (const { name } of costs.tools)
      expect(lines.find((line) => line.startsWith(`${name}  `))?.slice(0, end)).toMatch(/ 600$/);
  });
});

test('starting and the plain list do not load the tokenizer', () => {
  const folder = dirname(builtCli);
  const withTables = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.js') && readFileSync(join(folder, file), 'utf8').includes('o200k_base'),
  );
  const large = withTables.filter((file) => readFileSync(join(folder, file)).length > 1_000_000);
  expect(large).toHaveLength(1);
  const command = readdirSync(join(folder, 'chunks')).find((file) => file.startsWith('list-tools-')) ?? '';
  for (const first of [firstFile, join('chunks', command)]) {
    const loaded = [...loadedAtStart(first)];
    expect(loaded.length).toBeGreaterThan(1);
    expect(loaded.filter((file) => withTables.includes(file))).toEqual([]);
  }
  expect(readFileSync(join(folder, 'THIRD-PARTY-NOTICES.txt'), 'utf8')).toContain('gpt-tokenizer ');
});
