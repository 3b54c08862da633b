import { kindOf } from '../pins.ts';
import { permits } from '../policy.ts';
import { selects } from '../selection.ts';
import type { Session } from '../session.ts';
import type { Operation } from '../tools/operation.ts';
import { isHidden } from '../tools/reach.ts';
import type { Arguments } from './arguments.ts';
import type { Remedy } from './cut.ts';
import { readerOf } from './reader.ts';

/** For what is only told once, such as a preview or an error. */
export const askForLess: Remedy = { next: 'Only this much can be shown of it; ask for less at once.' };

const done = 'The call is done: do not repeat it.';

/** How the rest of a result is had: a read is repeated, a write never is. */
export function remedyFor(operation: Operation, args: Arguments, session: Session): Remedy {
  if (operation.effect === 'read') return { tool: operation.id, arguments: args };
  const reader = operation.method === 'DELETE' ? undefined : readerOf(operation);
  if (!reader || !isServed(reader, session)) return { next: `${done} Read the object for the rest.` };
  const names = Object.keys(reader.params).filter((name) => args[name] !== undefined);
  const address = Object.fromEntries(names.map((name) => [name, args[name]]));
  return { next: { note: `${done} This reads the object.`, tool: reader.id, arguments: address } };
}

function isServed({ id, group, effect, reach }: Operation, { policy, pins }: Session): boolean {
  const isInside = !pins || !isHidden(reach, kindOf(pins));
  return isInside && selects(policy.selection, { id, group }) && permits(policy, effect);
}
