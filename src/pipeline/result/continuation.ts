import { isServed } from '../../access/served.ts';
import type { Session } from '../../request-context.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { type Arguments, pick } from '../arguments/parse.ts';
import { readerOf } from '../execute/read-target.ts';
import type { Remedy } from './truncate.ts';

/** For what is only told once, such as a preview or an error. */
export const askForLess: Remedy = { next: 'Only this much can be shown of it; ask for less at once.' };

const done = 'The call is done: do not repeat it.';

/** How the rest of a result is had: a read is repeated, a write never is. */
export function remedyFor(operation: Operation, args: Arguments, session: Session): Remedy {
  if (operation.effect === 'read') return { tool: operation.id, arguments: args };
  const reader = operation.method === 'DELETE' ? undefined : readerOf(operation);
  if (!reader || !isServed(reader, session)) return { next: `${done} Read the object for the rest.` };
  const address = pick(args, Object.keys(reader.params));
  return { next: { note: `${done} This reads the object.`, tool: reader.id, arguments: address } };
}
