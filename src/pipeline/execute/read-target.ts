import { CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import { catalogue, findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { bestEffort } from './best-effort.ts';
import { prepareRequest } from './build-request.ts';
import type { Limits } from './deadline.ts';

/** Where the object of an operation is not what a GET of its own path gives. */
const elsewhere: Readonly<Record<string, string>> = {
  auth_logoff: 'organization_get',
  // What its own path gives are counters, which move by themselves.
  status_reset: 'integrations_get',
};

/** The operation that reads the object which another one changes or destroys. */
export function readerOf({ id, effect, path, params }: Operation): Operation | undefined {
  if (effect !== 'change' && effect !== 'destroy') return undefined;
  const named = elsewhere[id] ?? ('refresh_token_id' in params ? 'tokens_get' : undefined);
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
  return isJsonObject(answer.body) ? answer.body.result : undefined;
}

/**
 * The object that an operation is about, as it is now; undefined where no operation reads it.
 *
 * @throws CallError also when the answer holds no object
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
  throw new CallError('invalid_response', 'Synqly answered without the object.');
}

/** Every object of the API has an id. One without would read as an object whose fields are all empty. */
export function isObjectOfApi(value: unknown): value is JsonObject {
  return isJsonObject(value) && typeof value.id === 'string' && value.id !== '';
}

/** The object, or nothing when it cannot be read soon: for what is told afterwards, and is no condition. */
export async function readIfPossible(
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<JsonObject | undefined> {
  const read = await bestEffort(context, limits, (within) => readObject(operation, args, context, within));
  return 'value' in read ? read.value : undefined;
}
