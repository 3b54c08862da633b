import { dispatcherTools } from '../../surfaces/compact/definitions.ts';
import { builtinTools } from '../../tools/builtin/index.ts';
import type { Effect } from '../../tools/define-operation.ts';
import { effects } from '../../tools/published.ts';
import type { Tool } from '../../tools/tool.ts';

const own = new Map([...builtinTools, ...dispatcherTools].map(({ id, effect }) => [id, effect]));

/** The effect of a tool: an operation or a built-in tool. */
export function effectOf({ name }: Pick<Tool, 'name'>): Effect {
  return effects[name] ?? own.get(name) ?? 'destroy';
}
