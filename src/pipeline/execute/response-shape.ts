import { CallError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { ApiResponse } from '../../synqly/response.ts';
import type { Operation } from '../../tools/define-operation.ts';

/**
 * What the body of a successful response holds: an object or a list under `result`; an OpenAPI document; messages, if any;
 * or nothing of use.
 */
export type ResponseShape = 'object' | 'list' | 'document' | 'messages' | 'nothing';

/** Lists that are not shown as tables. */
const otherLists: ReadonlySet<string> = new Set([
  'bridges_get_status',
  'capabilities_list_connectors',
  'capabilities_list_providers',
]);

/** Operations with an empty response, besides all deletes. */
const emptyResponses: ReadonlySet<string> = new Set(['auth_logoff', 'status_reset']);

/** The shape of an operation's response; a test compares it with the fact sheet. */
export function responseShapeOf({ id, group, method, listing }: Operation): ResponseShape {
  if (id === 'integrations_verify') return 'messages';
  if (group === 'meta') return 'document';
  if (listing || otherLists.has(id)) return 'list';
  return method === 'DELETE' || emptyResponses.has(id) ? 'nothing' : 'object';
}

/**
 * Checks the shape of a response. A write with an empty response was done, so its body is left out.
 *
 * @throws CallError `invalid_response`
 */
export function assertShape<Response extends ApiResponse>(operation: Operation, answer: Response): Response {
  const { body, status, requestId } = answer;
  const shape = responseShapeOf(operation);
  if (body === undefined) return answer;
  const isWrite = operation.effect !== 'read';
  if (isWrite && shape !== 'messages' && isEmptyBody(body)) return { ...answer, body: undefined };
  if (hasShape(shape, body) && !(isJsonObject(body) && lacksFields(operation, body))) return answer;
  if (shape === 'nothing') return { ...answer, body: undefined };
  const error = new CallError('invalid_response', missing[shape], { status, requestId });
  throw isWrite ? unreadableSuccess(error) : error;
}

const missing: Readonly<Record<ResponseShape, string>> = {
  object: 'The response of Synqly has no object.',
  list: 'The response of Synqly has no list.',
  document: 'The response of Synqly is not an OpenAPI document.',
  messages: 'The response of Synqly has no messages.',
  nothing: '',
};

function hasShape(shape: ResponseShape, body: unknown): boolean {
  if (!isJsonObject(body)) return false;
  if (shape === 'object') return isJsonObject(body.result);
  if (shape === 'list') return Array.isArray(body.result);
  return shape === 'document' ? isDocument(body) : true;
}

const isDocument = ({ openapi, paths }: JsonObject) => typeof openapi === 'string' || isJsonObject(paths);

/** `{}`, `{"result": null}` or `{"result": {}}`. */
function isEmptyBody(body: unknown): boolean {
  return (
    isJsonObject(body) &&
    Object.values(body).every((part) => (isJsonObject(part) ? isEmpty(part) : part === null))
  );
}

/** Whether the result has no values. The result of a mapping may be empty. */
const lacksFields = ({ id }: Operation, { result }: JsonObject) =>
  id !== 'mappings_apply' && isJsonObject(result) && isEmpty(result);

/** Whether an object has no value that is not null. */
const isEmpty = (object: JsonObject) => Object.keys(object).every((name) => object[name] === null);

/** The error of a write that Synqly reported as a success, but whose response cannot be read. */
export function unreadableSuccess({ code, message, details }: CallError): CallError {
  const remediation =
    'Synqly reported success, so this was done; only the response could not be read. Check the object before you call again.';
  return new CallError(code, message, { ...details, retry: 'check', remediation, done: true });
}

/** Whether a write ended with a success status but an unreadable response. */
export function isUnreadSuccess(error: unknown): error is CallError {
  if (!(error instanceof CallError)) return false;
  const { status = 0 } = error.details;
  const isUnread = error.code === 'invalid_response' || error.code === 'response_too_large';
  return isUnread && status >= 200 && status < 300;
}
