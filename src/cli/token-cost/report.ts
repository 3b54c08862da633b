import type { Tool } from '../../tools/tool.ts';
import { gridOf, type Line } from '../text-table.ts';
import { effectOf } from './effect.ts';
import type { Costs } from './index.ts';
import type { Cost } from './measure.ts';

/** A table of tools for people. */
export function textOfTools(tools: readonly Tool[]): string {
  const effects = tools.map(effectOf);
  const counted = [...new Set(effects)].map(
    (one) => `${effects.filter((effect) => effect === one).length} ${one}`,
  );
  const lines = tools.map((tool): Line => [tool.name, effectOf(tool), tool.title]);
  return `${gridOf('left', [{ heading: ['TOOL', 'EFFECT', 'TITLE'], lines }])}\n\n${tools.length} tools: ${counted.join(', ')}.`;
}

/** Tables of costs for people, with a legend. */
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
      heading: ['TOOLS, most expensive first', '', 'tokens', 'budget', 'used'],
      lines: [...tools.map(lineOf), total(tools)],
    },
    {
      heading: [
        `RESULTS from a sandbox with ${accounts} accounts`,
        '',
        'tokens',
        'budget',
        'used',
        'from Synqly',
      ],
      lines: answers.map((answer): Line => [...lineOf(answer), answer.rawTokens]),
    },
  ]);
  return `Token costs of this server (o200k)\n\n${grid}\n\n${meaning}`;
}

const meaning = `A tool of the full surface is counted as a model reads it: name, description and schema. The compact
surface is counted as sent, with titles and hints. The budget of a result is --max-result-tokens,
which the server enforces with a conservative estimate.`;

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
