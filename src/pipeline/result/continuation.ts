import { isAllowed } from '../../access/visibility.ts';
import type { Arguments } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { pick } from '../arguments/parse.ts';
import { readerOf } from '../execute/read-target.ts';
import type { Continuation } from './truncate.ts';

/** For results that cannot be read on, such as a preview or an error. */
export const askForLess: Continuation = { next: 'The rest cannot be shown; request less at once.' };

const done = 'The call is done: do not repeat it.';

/** How to get the rest of a result: a read is repeated, a write never is. */
export function continuationFor(
  operation: Operation,
  args: Arguments,
  context: RequestContext,
): Continuation {
  if (operation.effect === 'read') return { tool: operation.id, arguments: args };
  const reader = operation.method === 'DELETE' ? undefined : readerOf(operation);
  if (!reader || !isAllowed(reader, context)) return { next: `${done} Read the object for the rest.` };
  const address = pick(args, Object.keys(reader.params));
  return { next: { note: `${done} This call reads the object.`, tool: reader.id, arguments: address } };
}
