import { expect, test } from 'vitest';
import { allToolsets } from '../../src/access/policy.ts';
import { connectInProcess, type InProcessClient } from '../../src/app/in-process-client.ts';
import { budgets } from '../../src/cli/token-cost/budgets.ts';
import { costsOfSurfaces, costsOfTools } from '../../src/cli/token-cost/measure.ts';
import { tokensOf } from '../../src/cli/token-cost/tokens.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { SurfaceKind } from '../../src/config/settings.ts';

/** With everything that is worth a word: what is invented, and what must be confirmed. */
const policy = { readOnly: false, confirm: 'change', toolsetFilter: allToolsets } as const;
const config = loadConfig({ sandbox: true }, {});
const connect = (surface: SurfaceKind): Promise<InProcessClient> =>
  connectInProcess({ config, surface, pins: undefined, policy });
const [full, compact] = await Promise.all([connect('full'), connect('compact')]);

test.each(costsOfSurfaces(full, compact))(
  '$name: at most $budget tokens ($tokens)',
  ({ tokens, budget, tools }) => {
    if (tools !== undefined) expect(tools).toBeGreaterThan(3);
    expect(tokens).toBeLessThanOrEqual(budget ?? 0);
  },
);

test('no tool costs more than 600 tokens', () => {
  const costs = costsOfTools(full.tools);
  const dearest = costs.slice(0, 10).map(({ name, tokens }) => `${String(tokens).padStart(7)}  ${name}`);
  console.log(`The ten most expensive:\n${dearest.join('\n')}\nInstructions: ${tokensOf(full.instructions)}`);
  expect(budgets.tool).toBe(600);
  expect(costs.filter(({ tokens }) => tokens > budgets.tool)).toEqual([]);
});

test('the budgets are those that were promised', () => {
  expect(budgets).toEqual({
    full: 12_500,
    reading: 4_500,
    observe: 2_800,
    tool: 600,
    compact: 900,
    compactStart: 1_500,
    instructions: 400,
    task: 1_500,
  });
});
