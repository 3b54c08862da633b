import { isInToolsets } from '../../access/toolsets.ts';
import { isWorkflowVisible } from '../../access/visibility.ts';
import type { InProcessClient } from '../../app/in-process-client.ts';
import { isWorkflow } from '../../tools/effect-of.ts';
import { effects, groups } from '../../tools/published.ts';
import type { Tool } from '../../tools/tool.ts';
import { budgets } from './budgets.ts';
import { effectOf } from './effect.ts';
import { tokensOf, tokensOfJson } from './tokens.ts';

/** A token cost. */
export interface Cost {
  readonly name: string;
  /** Number of tools, if more than one. */
  readonly tools?: number;
  readonly tokens: number;
  readonly budget?: number;
}

/** The part of a tool that a model reads: titles and hints are for clients. */
export function costOfTool({ name, description, inputSchema }: Tool): number {
  return tokensOfJson({ name, description, inputSchema });
}

const costOfTools = (tools: readonly Tool[]) => tools.reduce((sum, tool) => sum + costOfTool(tool), 0);

/** The cost of each surface before the first call. */
export function costsOfSurfaces(full: InProcessClient, compact: InProcessClient): readonly Cost[] {
  const workflows = full.tools.filter(({ name }) => isWorkflow(name));
  const operations = full.tools.filter(({ name }) => Object.hasOwn(effects, name));
  const share = (name: string, tools: readonly Tool[], budget: number): Cost => ({
    name,
    tools: tools.length,
    tokens: costOfTools(tools),
    budget,
  });
  const observe = { toolsets: ['observe'], allow: [], deny: [] };
  const observing = { readOnly: true, confirm: 'never', toolsetFilter: observe } as const;
  const list = tokensOfJson(compact.tools);
  return [
    share('full', full.tools, budgets.full),
    share(
      'full, read tools',
      [...operations.filter((tool) => effectOf(tool) === 'read'), ...workflows],
      budgets.reading,
    ),
    share(
      'full, preset observe',
      [
        ...operations.filter(({ name }) => isInToolsets(observe, { id: name, group: groups[name] ?? '' })),
        ...workflows.filter(({ name }) => isWorkflowVisible(name, { policy: observing })),
      ],
      budgets.observe,
    ),
    { name: 'full, instructions', tokens: tokensOf(full.instructions), budget: budgets.instructions },
    { name: 'compact', tools: compact.tools.length, tokens: list, budget: budgets.compact },
    {
      name: 'compact, with instructions',
      tools: compact.tools.length,
      tokens: list + tokensOf(compact.instructions),
      budget: budgets.compactStart,
    },
  ];
}

/** The cost of each group of operations on the full surface, most expensive first. */
export function costsOfGroups(tools: readonly Tool[]): readonly Cost[] {
  const groupOf = ({ name }: Tool) => groups[name] ?? (isWorkflow(name) ? 'workflows' : 'built-in tools');
  return [...new Set(tools.map(groupOf))]
    .map((name) => {
      const some = tools.filter((tool) => groupOf(tool) === name);
      return { name, tools: some.length, tokens: costOfTools(some) };
    })
    .sort(byCost);
}

/** The cost of each tool, most expensive first. */
export function costsOfTools(tools: readonly Tool[]): readonly Cost[] {
  return tools
    .map((tool) => ({ name: tool.name, tokens: costOfTool(tool), budget: budgets.tool }))
    .sort(byCost);
}

const byCost = (one: Cost, other: Cost) => other.tokens - one.tokens;
