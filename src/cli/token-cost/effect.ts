import { runners } from '../../surfaces/compact/definitions.ts';
import { helpers } from '../../tools/builtin/index.ts';
import type { Effect } from '../../tools/define-operation.ts';
import { effects, type Tool } from '../../tools/published.ts';

const own = new Map([...helpers, ...runners].map(({ id, effect }) => [id, effect]));

/** What calling a tool can do, be it an operation or one of this server's own. */
export function effectOf({ name }: Pick<Tool, 'name'>): Effect {
  return effects[name] ?? own.get(name) ?? 'destroy';
}
