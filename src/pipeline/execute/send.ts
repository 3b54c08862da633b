import { CallError } from '../../errors.ts';
import type { Arguments, JsonObject } from '../../lib/json.ts';
import { isMoment, isSameMoment } from '../../lib/timestamp.ts';
import type { RequestContext } from '../../request-context.ts';
import type { ApiRequest } from '../../synqly/client.ts';
import { resultOf } from '../../synqly/endpoints.ts';
import type { ApiResponse } from '../../synqly/response.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { PinnedCall } from '../pins/enforce.ts';
import { halveDeadline } from './best-effort.ts';
import { type PreparedRequest, prepareRequest } from './build-request.ts';
import type { Limits } from './deadline.ts';
import { type CollectedRows, collectRows } from './paginate.ts';
import { isObjectOfApi, readIfPossible } from './read-target.ts';
import { assertShape, isUnreadSuccess, responseShapeOf, unreadableSuccess } from './response-shape.ts';

/** The response to a call, and the object before the call, if known. */
export interface Sent extends CollectedRows {
  readonly before: JsonObject | undefined;
}

/** The snapshot of the object, and what to do right before the request is sent. */
interface SendOptions extends Pick<ApiRequest, 'beforeSending' | 'onUncertain'> {
  /** Set if a snapshot was just taken; its object is undefined if it could not be read. */
  readonly snapshot?: { readonly object: JsonObject | undefined } | undefined;
}

/**
 * Sends the request of a call.
 *
 * @param options `beforeSending` is called right before the request itself is sent, not before the reads that precede it
 * @throws CallError
 */
export async function sendRequest(
  { operation, args }: Pick<PinnedCall, 'operation' | 'args'>,
  request: PreparedRequest,
  context: RequestContext,
  limits: Limits,
  { snapshot, beforeSending, onUncertain }: SendOptions,
): Promise<Sent> {
  const before = operation.replacesWhole
    ? (snapshot?.object ?? (await readCurrent(operation, args, context, limits)))
    : snapshot
      ? snapshot.object
      : await readObjectBefore(operation, args, context, limits);
  const body = operation.replacesWhole && before ? wholeBody(args, before, request) : request.body;
  const lazily = operation.effect === 'read';
  const { signal, deadline } = limits;
  const answer = operation.listing
    ? await collectRows(operation, args, { ...request, lazily }, context, limits)
    : assertShape(
        operation,
        await sendOnce(
          operation,
          { ...request, body, lazily, beforeSending, onUncertain, signal, deadline },
          context,
        ),
      );
  return { ...answer, before };
}

/** @throws CallError, which says so if a write was done and only its response cannot be read */
async function sendOnce(
  operation: Operation,
  request: ApiRequest,
  context: RequestContext,
): Promise<ApiResponse> {
  try {
    return await context.send(request);
  } catch (error) {
    if (operation.effect === 'read' || !isUnreadSuccess(error)) throw error;
    const { status = 0, requestId } = error.details;
    if (responseShapeOf(operation) === 'nothing')
      return { status, requestId, retryAfter: undefined, body: undefined };
    throw unreadableSuccess(error);
  }
}

/** The object before a patch or delete, for the result. The call goes on if it cannot be read. */
async function readObjectBefore(
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<JsonObject | undefined> {
  const { method } = operation;
  return method === 'PATCH' || method === 'DELETE'
    ? readIfPossible(operation, args, context, halveDeadline(limits))
    : undefined;
}

/**
 * A PUT of this API takes the whole object, with the fields that the server manages. The current object is read,
 * the given fields are merged into it, and the whole object is sent back, including fields unknown to this server.
 */
async function readCurrent(
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<JsonObject> {
  const { path } = prepareRequest(operation, args);
  const read = await context.send({ method: 'GET', path, repeatable: true, ...limits });
  const current = resultOf(read.body);
  if (!isObjectOfApi(current)) {
    throw new CallError(
      'invalid_response',
      'The response of Synqly has no current object. Nothing was changed.',
      {
        status: read.status,
        requestId: read.requestId,
        retry: 'safe',
      },
    );
  }
  return current;
}

/**
 * The body of a PUT that replaces an object.
 *
 * @throws CallError `stale_object` when it has changed since the caller read it
 */
export function wholeBody(args: Arguments, current: JsonObject, { body }: PreparedRequest): JsonObject {
  assertNotStale(args.updated_at, current.updated_at);
  return mergeFields(current, body as JsonObject);
}

/** Times are compared as times: the API may write the same moment with more or fewer digits. */
function assertNotStale(expected: unknown, actual: unknown): void {
  if (typeof expected !== 'string') return;
  // Some clients send it with quotes or blanks around it.
  const bare = expected.trim().replace(/^"(.*)"$/, '$1');
  const time = isMoment(bare) ? bare : expected;
  if (typeof actual === 'string' && isSameMoment(time, actual)) return;
  const upstream = { updated_at: actual };
  if (isMoment(time) || typeof actual !== 'string')
    throw new CallError('stale_object', 'The object has changed since the given updated_at.', { upstream });
  throw new CallError('stale_object', 'The given updated_at is not a time.', {
    upstream,
    remediation:
      'Read the object, and repeat the change with its updated_at, or without updated_at. Nothing was sent.',
  });
}

/**
 * The new object: fields that are not given keep their value, and `null` removes one. Nulls of the current object are also
 * removed, since requests do not take them (Synqly Management API: absent optional fields may be returned as null).
 */
function mergeFields(current: JsonObject, given: JsonObject): JsonObject {
  const entries = Object.entries({ ...current, ...given });
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
}
