import { CallError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { ApiResponse } from '../../synqly/response.ts';
import type { Operation } from '../../tools/define-operation.ts';

/**
 * What the body of a success holds: an object or a list under `result`; an OpenAPI document; messages, if any; or
 * nothing that anybody reads.
 */
export type ResponseShape = 'object' | 'list' | 'document' | 'messages' | 'nothing';

/** Lists that are no tables of rows. */
const lists: ReadonlySet<string> = new Set([
  'bridges_get_status',
  'capabilities_list_connectors',
  'capabilities_list_providers',
]);

/** Beside all deletes. */
const silent: ReadonlySet<string> = new Set(['auth_logoff', 'status_reset']);

/** What the answer to an operation holds; a test compares it with the fact sheet. */
export function responseShapeOf({ id, group, method, listing }: Operation): ResponseShape {
  if (id === 'integrations_verify') return 'messages';
  if (group === 'meta') return 'document';
  if (listing || lists.has(id)) return 'list';
  return method === 'DELETE' || silent.has(id) ? 'nothing' : 'object';
}

/**
 * An answer that holds what its operation answers. A write that answers with nothing at all was done: its body is left out.
 *
 * @throws CallError `invalid_response`
 */
export function assertShape<Answer extends ApiResponse>(operation: Operation, answer: Answer): Answer {
  const { body, status, requestId } = answer;
  const shape = responseShapeOf(operation);
  if (body === undefined) return answer;
  const isWrite = operation.effect !== 'read';
  if (isWrite && shape !== 'messages' && saysNothing(body)) return { ...answer, body: undefined };
  if (fits(shape, body) && !(isJsonObject(body) && lacksFields(operation, body))) return answer;
  if (shape === 'nothing') return { ...answer, body: undefined };
  const error = new CallError('invalid_response', missing[shape], { status, requestId });
  throw isWrite ? doneButUnreadable(error) : error;
}

const missing: Readonly<Record<ResponseShape, string>> = {
  object: 'Synqly answered without the object.',
  list: 'Synqly answered without the list.',
  document: 'Synqly answered with something else than an OpenAPI document.',
  messages: 'Synqly answered with something else than messages.',
  nothing: '',
};

function fits(shape: ResponseShape, body: unknown): boolean {
  if (!isJsonObject(body)) return false;
  if (shape === 'object') return isJsonObject(body.result);
  if (shape === 'list') return Array.isArray(body.result);
  return shape === 'document' ? isDocument(body) : true;
}

const isDocument = ({ openapi, paths }: JsonObject) => typeof openapi === 'string' || isJsonObject(paths);

/** `{}`, `{"result": null}` or `{"result": {}}`. */
function saysNothing(body: unknown): boolean {
  return (
    isJsonObject(body) &&
    Object.values(body).every((part) => (isJsonObject(part) ? isEmpty(part) : part === null))
  );
}

/** What a mapping makes of data is whatever it makes. */
const lacksFields = ({ id }: Operation, { result }: JsonObject) =>
  id !== 'mappings_apply' && isJsonObject(result) && isEmpty(result);

/** An object without a value would read as one whose fields are all empty. */
const isEmpty = (object: JsonObject) => Object.keys(object).every((name) => object[name] === null);

/** A write that Synqly reported as a success, and whose answer cannot be used. */
export function doneButUnreadable({ code, message, details }: CallError): CallError {
  const remediation =
    'Synqly reported success, so this was done; only its answer could not be read. Look at the object before you call again.';
  return new CallError(code, message, { ...details, retry: 'check', remediation, done: true });
}

/** Whether sending a write ended with a success status, though not with an answer that could be read. */
export function isUnreadSuccess(error: unknown): error is CallError {
  if (!(error instanceof CallError)) return false;
  const { status = 0 } = error.details;
  const isUnread = error.code === 'invalid_response' || error.code === 'response_too_large';
  return isUnread && status >= 200 && status < 300;
}
