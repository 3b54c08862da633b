import { isAllowed } from '../../access/visibility.ts';
import { CallError, dropUndefined } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import { resultOf } from '../../synqly/endpoints.ts';
import { findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { prepareRequest } from '../execute/build-request.ts';
import type { Limits } from '../execute/deadline.ts';
import { holdToPins } from '../pins/enforce.ts';
import { argumentOfType, collectionOf } from './lists-by-argument.ts';
import { tryHint, withHintTimeout } from './sample-rows.ts';

/**
 * Adds to a `conflict` failure the names of the objects that Synqly reports by their ids only. Other failures are returned
 * unchanged, as are objects that cannot be read.
 */
export async function nameConflicting(
  failure: unknown,
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: () => Limits,
): Promise<unknown> {
  if (!(failure instanceof CallError) || failure.code !== 'conflict') return failure;
  const { upstream } = failure.details;
  const resources = upstream?.resources;
  // Synqly reports one; an answer with many is not looked through.
  const [only, ...others] = Array.isArray(resources) ? resources : [];
  if (!isJsonObject(only) || others.length > 0) return failure;
  const named = await tryHint(context, () => readNamed(only, operation, args, context, limits()));
  if (!named) return failure;
  const { name, fullname } = named;
  const described = dropUndefined({ ...only, name, fullname });
  return new CallError(failure.code, failure.message, {
    ...failure.details,
    upstream: { ...upstream, resources: [described] },
  });
}

/** The object that a resource of Synqly's problem refers to, if the caller may read it. @throws CallError */
async function readNamed(
  { type, id }: JsonObject,
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<JsonObject | undefined> {
  const argument = argumentOfType(type);
  const list = collectionOf(operation, argument)?.list;
  const read = list && findOperation(`${list.split('_list')[0]}_get`);
  if (!read || typeof id !== 'string' || !isAllowed(read, context)) return undefined;
  const within = withHintTimeout(limits);
  const pinned = await holdToPins(read, { ...args, [argument]: id }, context, within);
  const { body } = await context.send({ ...prepareRequest(pinned.operation, pinned.args), ...within });
  const found = resultOf(await pinned.filterResponse(body));
  return isJsonObject(found) && found.id === id ? found : undefined;
}
