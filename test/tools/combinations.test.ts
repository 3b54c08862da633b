import { describe, expect, test } from 'vitest';
import type { Pins } from '../../src/access/pins.ts';
import { isEffectAllowed, needsConfirmation, type Policy } from '../../src/access/policy.ts';
import { isInToolsets, presetToolsets, type ToolsetFilter } from '../../src/access/toolsets.ts';
import { isVisible } from '../../src/access/visibility.ts';
import { connectInProcess, type InProcessClient } from '../../src/app/in-process-client.ts';
import { budgets } from '../../src/cli/token-cost/budgets.ts';
import { costOfTool } from '../../src/cli/token-cost/measure.ts';
import { tokensOf, tokensOfJson } from '../../src/cli/token-cost/tokens.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { ConfirmLevel, SurfaceKind } from '../../src/config/settings.ts';
import { dispatcherFor, dispatcherTools, findOperations } from '../../src/surfaces/compact/definitions.ts';
import { builtinTools } from '../../src/tools/builtin/index.ts';
import { catalogue } from '../../src/tools/catalogue.ts';
import type { Tool } from '../../src/tools/tool.ts';
import { workflows } from '../../src/tools/workflows/index.ts';
import { refusedOf } from './client-limits.ts';
import { sketchesOf } from './walk.ts';

/** Everything that decides which tools are published, and how. */
interface Combination {
  readonly surface: SurfaceKind;
  readonly pins: Pins | undefined;
  readonly policy: Policy;
  readonly sandbox: boolean;
}

const pinKinds: readonly (Pins | undefined)[] = [
  undefined,
  { account: 'acme' },
  { environment: 'test' },
  { account: 'acme', environment: 'test' },
];
const groups = [...new Set(catalogue.map(({ group }) => group)), ...Object.keys(presetToolsets)];
const toolsetFilters: readonly ToolsetFilter[] = [
  { toolsets: [], allow: [], deny: [] },
  ...groups.map((name) => ({ toolsets: [name], allow: [], deny: [] })),
  ...groups.map((name) => ({ toolsets: [name], allow: ['accounts_get'], deny: ['*_delete'] })),
];
const confirmLevels: readonly ConfirmLevel[] = ['destroy', 'change', 'never'];

const combinations: Combination[] = [];
for (const surface of ['full', 'compact'] as const)
  for (const pins of pinKinds)
    for (const readOnly of [false, true])
      for (const confirm of confirmLevels)
        for (const toolsetFilter of toolsetFilters)
          combinations.push({ surface, pins, policy: { readOnly, confirm, toolsetFilter }, sandbox: true });

const config = loadConfig({ sandbox: true }, {});
const clients = new Map<Combination, InProcessClient>();
for (const one of combinations) clients.set(one, await connectInProcess({ config, ...one }));

/** The operations that a combination leaves, told without a surface. */
function leftBy({ pins, policy }: Combination) {
  return catalogue.filter(
    (one) =>
      isVisible(one.id, pins) &&
      isEffectAllowed(policy, one.effect) &&
      isInToolsets(policy.toolsetFilter, one),
  );
}

const told = ({ surface, pins, policy }: Combination) => JSON.stringify({ surface, pins, ...policy });

/** What is not so, of every combination in which it is not so. */
function failures(find: (one: Combination, client: InProcessClient) => readonly string[]): string[] {
  return [...clients].flatMap(([one, client]) => find(one, client).map((what) => `${told(one)}: ${what}`));
}

test('every published tool is accepted by all clients, whatever is pinned, selected or confirmed', () => {
  const sketched = new Map(
    [...catalogue, ...workflows, ...builtinTools, ...dispatcherTools].map((one) => [
      one.id,
      sketchesOf(one).map(({ path }) => path),
    ]),
  );
  const distinct = new Map<string, Tool>();
  for (const { tools } of clients.values())
    for (const tool of tools) distinct.set(JSON.stringify(tool), tool);
  const refused = [...distinct.values()].flatMap((tool) =>
    refusedOf(tool, sketched.get(tool.name) ?? []).map((what) => `${tool.name} ${what}`),
  );
  console.log(`${clients.size} combinations publish ${distinct.size} distinct tools.`);
  // Pins take arguments away, so that a tool is published in several forms.
  expect(distinct.size).toBeGreaterThan(catalogue.length + 25);
  expect(refused).toEqual([]);
});

test('no name is listed twice', () => {
  const twice = failures((_, { tools }) => {
    const names = tools.map(({ name }) => name);
    return names.filter((name, index) => names.indexOf(name) !== index);
  });
  expect(twice).toEqual([]);
});

test('the full surface has a tool for each operation that is left, and the built-in tools', () => {
  const wrong = failures((one, { tools }) => {
    if (one.surface !== 'full') return [];
    const left = leftBy(one).map(({ id }) => id);
    const names = tools.map(({ name }) => name);
    const known = new Set([...left, ...[...workflows, ...builtinTools].map(({ id }) => id)]);
    return [...left.filter((id) => !names.includes(id)), ...names.filter((name) => !known.has(name))];
  });
  expect(wrong).toEqual([]);
});

test('the compact surface has find_operations and a dispatcher for each effect that is left, and no other', () => {
  const wrong = failures((one, { tools }) => {
    if (one.surface !== 'compact') return [];
    const left = leftBy(one);
    const finds = left.length > 0 ? [findOperations] : [];
    const wanted = new Set([...finds, ...left.map(({ effect }) => dispatcherFor(effect))]);
    return dispatcherTools
      .filter((runner) => wanted.has(runner) !== tools.some(({ name }) => name === runner.id))
      .map(({ id }) => id);
  });
  expect(wrong).toEqual([]);
});

test('a workflow is listed where all operations that it needs are, and is not denied', () => {
  const wrong = failures((one, { tools }) => {
    if (one.surface !== 'full') return [];
    const left = leftBy(one).map(({ id }) => id);
    return workflows
      .filter(({ id, reads }) => {
        const isListed = tools.some(({ name }) => name === id);
        return isListed !== reads.every((operation) => left.includes(operation));
      })
      .map(({ id }) => id);
  });
  expect(wrong).toEqual([]);
  expect(workflows.length).toBeGreaterThan(0);
});

test('a call can be previewed where anything writes, and confirmed where anything must be', () => {
  const wrong = failures((one, { tools }) => {
    const left = leftBy(one);
    const useful = {
      preview_call: left.some(({ effect }) => effect !== 'read'),
      confirm_call: left.some(({ effect }) => needsConfirmation(one.policy, effect)),
    };
    return Object.entries(useful)
      .filter(([name, isUseful]) => tools.some((tool) => tool.name === name) !== isUseful)
      .map(([name]) => name);
  });
  expect(wrong).toEqual([]);
});

test('the list is empty only when no operation is left', () => {
  const empty = failures((one, { tools }) =>
    tools.length === 0 && leftBy(one).length > 0 ? ['is empty'] : [],
  );
  expect(empty).toEqual([]);
});

/** Tools that the instructions name although they are not on the list. */
const namedInVain = (names: readonly string[]) =>
  failures((_, { tools, instructions }) =>
    names.filter((id) => instructions.includes(id) && !tools.some(({ name }) => name === id)),
  );

test('the instructions name no dispatcher or preview_call that is not listed', () => {
  expect(namedInVain([...dispatcherTools.map(({ id }) => id), 'preview_call'])).toEqual([]);
});

test('the instructions name no confirm_call that is not listed', () => {
  expect(namedInVain(['confirm_call'])).toEqual([]);
});

/** Claude Code cuts instructions and descriptions of tools at 2,048 characters (claude-code#81268, #87650). */
test('the instructions have at most 2,000 characters, and descriptions of tools 1,000', () => {
  const long = failures((_, { tools, instructions }) => [
    ...(instructions.length > 2000 ? [`${instructions.length} characters of instructions`] : []),
    ...tools.flatMap(({ name, description }) => (description.length > 1000 ? [`${name} is too long`] : [])),
  ]);
  expect(long).toEqual([]);
  const longest = Math.max(...[...clients.values()].map(({ instructions }) => instructions.length));
  console.log(`The longest instructions: ${longest} characters.`);
  // Otherwise the combinations are not those of a server that has much to say.
  expect(longest).toBeGreaterThan(1500);
});

test('nor does the name of a pinned account make the instructions longer', async () => {
  const policy = { readOnly: false, confirm: 'change', toolsetFilter: toolsetFilters[0] } as Policy;
  for (const account of ['a'.repeat(5000), '\u0001'.repeat(5000), '"'.repeat(5000)])
    for (const surface of ['full', 'compact'] as const) {
      const pins = { account, environment: 'prod' } as const;
      const { instructions } = await connectInProcess({ config, surface, pins, policy });
      expect(instructions).toContain('Pinned to the account');
      expect(instructions.length).toBeLessThanOrEqual(2000);
    }
});

test('what matters in every call comes before the syntax of some', () => {
  const misplaced = failures((_, { instructions }) => {
    const syntax = instructions.search(/^(Lists:|\*_update|\*_patch|preview_call|To connect)/m);
    const rules = /confirmed|Secrets|others: data|read-only|Pinned|not tools here/g;
    const last = Math.max(...[...instructions.matchAll(rules)].map(({ index }) => index));
    return syntax !== -1 && last > syntax ? ['a rule comes last'] : [];
  });
  expect(misplaced).toEqual([]);
});

describe('in every combination', () => {
  const dearest = (surface: SurfaceKind, cost: (client: InProcessClient) => number) =>
    [...clients]
      .filter(([one]) => one.surface === surface)
      .map(([one, client]) => ({ tokens: cost(client), combination: told(one) }))
      .reduce((one, other) => (other.tokens > one.tokens ? other : one));

  test('the compact surface stays within its budgets', () => {
    const list = dearest('compact', ({ tools }) => tokensOfJson(tools));
    const start = dearest(
      'compact',
      ({ tools, instructions }) => tokensOfJson(tools) + tokensOf(instructions),
    );
    console.log(`The dearest compact start: ${start.tokens} tokens with ${start.combination}`);
    expect(list.tokens).toBeLessThanOrEqual(budgets.compact);
    expect(start.tokens).toBeLessThanOrEqual(budgets.compactStart);
  });

  test('the full surface stays within its budget', () => {
    const { tokens } = dearest('full', ({ tools }) => tools.reduce((sum, tool) => sum + costOfTool(tool), 0));
    expect(tokens).toBeLessThanOrEqual(budgets.full);
  });

  test('the instructions stay within their budget', () => {
    const { tokens, combination } = dearest('full', ({ instructions }) => tokensOf(instructions));
    console.log(`The dearest instructions: ${tokens} tokens with ${combination}`);
    expect(tokens, combination).toBeLessThanOrEqual(budgets.instructions);
  });
});
