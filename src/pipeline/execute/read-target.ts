import { CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import { resultOf } from '../../synqly/endpoints.ts';
import { catalogue, findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { bestEffort } from './best-effort.ts';
import { prepareRequest } from './build-request.ts';
import type { Limits } from './deadline.ts';

/** Operations whose object is not read by a GET of their own path. */
const readerOverrides: Readonly<Record<string, string>> = {
  auth_logoff: 'organization_get',
  // A GET of its own path returns counters, which change by themselves.
  status_reset: 'integrations_get',
};

/** The operation that reads the object that another operation changes or destroys. */
export function readerOf({ id, effect, path, params }: Operation): Operation | undefined {
  if (effect !== 'change' && effect !== 'destroy') return undefined;
  const named = readerOverrides[id] ?? ('refresh_token_id' in params ? 'tokens_get' : undefined);
  if (named !== undefined) return findOperation(named);
  return catalogue.find((one) => one.method === 'GET' && one.path === path);
}

/** The `result` of a reading operation. @throws CallError */
export async function readResult(
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<unknown> {
  const answer = await context.send({ ...prepareRequest(operation, args), ...limits });
  return resultOf(answer.body);
}

/**
 * The current object of an operation; undefined if no operation reads it.
 *
 * @throws CallError also when the response holds no object
 */
export async function readObject(
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<JsonObject | undefined> {
  const reader = readerOf(operation);
  if (!reader) return undefined;
  const names = Object.keys(reader.params);
  const result = await readResult(
    reader,
    Object.fromEntries(names.map((name) => [name, args[name]])),
    context,
    limits,
  );
  if (isObjectOfApi(result)) return result;
  throw new CallError('invalid_response', 'The response of Synqly has no object.');
}

/** Whether a value is an object with an id, as all objects of the API. Others are not taken for an object with empty fields. */
export function isObjectOfApi(value: unknown): value is JsonObject {
  return isJsonObject(value) && typeof value.id === 'string' && value.id !== '';
}

/** The current object for an undo; undefined if it cannot be read in time. */
export async function readIfPossible(
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<JsonObject | undefined> {
  const read = await bestEffort(context, limits, (within) => readObject(operation, args, context, within));
  return 'value' in read ? read.value : undefined;
}
