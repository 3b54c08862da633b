import type { Tool } from '../../tools/tool.ts';
import { gridOf, type Line } from '../text-table.ts';
import { effectOf } from './effect.ts';
import type { Costs } from './index.ts';
import type { Cost } from './measure.ts';

/** Tools for people, a line each. */
export function textOfTools(tools: readonly Tool[]): string {
  const effects = tools.map(effectOf);
  const counted = [...new Set(effects)].map(
    (one) => `${effects.filter((effect) => effect === one).length} ${one}`,
  );
  const lines = tools.map((tool): Line => [tool.name, effectOf(tool), tool.title]);
  return `${gridOf('left', [{ heading: ['TOOL', 'EFFECT', 'TITLE'], lines }])}\n\n${tools.length} tools: ${counted.join(', ')}.`;
}

/** Costs for people: a grid, and what its figures mean. */
export function textOfCosts({ surfaces, groups, tools, answers, accounts }: Costs): string {
  const grid = gridOf('right', [
    {
      heading: ['SURFACES', 'tools', 'tokens', 'budget', 'used'],
      lines: surfaces.map(lineOf),
    },
    {
      heading: ['GROUPS, on the full surface', 'tools', 'tokens', '', 'share'],
      lines: [
        ...groups.map((group): Line => [...lineOf(group).slice(0, 3), '', share(group.tokens, sum(groups))]),
        total(groups),
      ],
    },
    {
      heading: ['TOOLS, the dearest first', '', 'tokens', 'budget', 'used'],
      lines: [...tools.map(lineOf), total(tools)],
    },
    {
      heading: [
        `ANSWERS of a sandbox with ${accounts} accounts`,
        '',
        'tokens',
        'budget',
        'used',
        'from Synqly',
      ],
      lines: answers.map((answer): Line => [...lineOf(answer), answer.unshaped]),
    },
  ]);
  return `What this server costs a model, in tokens (o200k)\n\n${grid}\n\n${meaning}`;
}

const meaning = `A tool of the full surface is counted as a model reads it: name, description and schema. The compact
surface is counted as it is sent, with titles and hints. The budget of an answer is --max-result-tokens,
which is held by an estimate on the safe side.`;

const lineOf = ({ name, tools, tokens, budget }: Cost): Line => [
  name,
  tools,
  tokens,
  budget,
  budget && share(tokens, budget),
];

const share = (part: number, whole: number) => `${Math.round((100 * part) / whole)} %`;

const sum = (costs: readonly Cost[]) => costs.reduce((all, { tokens }) => all + tokens, 0);

const total = (costs: readonly Cost[]): Line => [
  'total',
  costs.reduce((all, { tools = 1 }) => all + tools, 0),
  sum(costs),
];
