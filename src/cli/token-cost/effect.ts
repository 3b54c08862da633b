import { dispatcherTools } from '../../surfaces/compact/definitions.ts';
import { builtinTools } from '../../tools/builtin/index.ts';
import type { Effect } from '../../tools/define-operation.ts';
import { effectOf as effectOfOperation } from '../../tools/effect-of.ts';
import type { Tool } from '../../tools/tool.ts';

const own = new Map([...builtinTools, ...dispatcherTools].map(({ id, effect }) => [id, effect]));

/** The effect of a tool: an operation, a workflow or a built-in tool. */
export function effectOf({ name }: Pick<Tool, 'name'>): Effect {
  return effectOfOperation(name) ?? own.get(name) ?? 'destroy';
}
