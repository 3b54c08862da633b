import { effects, type Tool } from '../surfaces/published.ts';
import { helpers } from '../tools/helpers.ts';
import type { Effect } from '../tools/operation.ts';
import { runners } from '../tools/runners.ts';

const own = new Map([...helpers, ...runners].map(({ id, effect }) => [id, effect]));

/** What calling a tool can do, be it an operation or one of this server's own. */
export function effectOf({ name }: Pick<Tool, 'name'>): Effect {
  return effects[name] ?? own.get(name) ?? 'destroy';
}
