import { CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { isMoment, isSameMoment } from '../../lib/timestamp.ts';
import type { RequestContext } from '../../request-context.ts';
import type { ApiRequest } from '../../synqly/client.ts';
import type { ApiResponse } from '../../synqly/response.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { PinnedCall } from '../pins/enforce.ts';
import { halveDeadline } from './best-effort.ts';
import { type PreparedRequest, prepareRequest } from './build-request.ts';
import type { Limits } from './deadline.ts';
import { type CollectedRows, collectRows } from './paginate.ts';
import { isObjectOfApi, readIfPossible } from './read-target.ts';
import { assertShape, doneButUnreadable, isUnreadSuccess, responseShapeOf } from './response-shape.ts';

/** The answer to a call, and the object as it was before, where that is known. */
export interface Sent extends CollectedRows {
  readonly before: JsonObject | undefined;
}

/** What is known before sending, and what happens right before the request itself leaves. */
interface SendOptions extends Pick<ApiRequest, 'beforeSending'> {
  /** Where the object was just looked at: as it is, or undefined when it could not be read. */
  readonly snapshot?: { readonly object: JsonObject | undefined } | undefined;
}

/**
 * Sends the request of a call.
 *
 * @param options `beforeSending` is called right before the request itself leaves, not for the reads on the way
 * @throws CallError
 */
export async function sendRequest(
  { operation, args }: Pick<PinnedCall, 'operation' | 'args'>,
  request: PreparedRequest,
  context: RequestContext,
  limits: Limits,
  { snapshot, beforeSending }: SendOptions,
): Promise<Sent> {
  const before = operation.replacesWhole
    ? (snapshot?.object ?? (await readCurrent(operation, args, context, limits)))
    : snapshot
      ? snapshot.object
      : await readFormer(operation, args, context, limits);
  const body = operation.replacesWhole && before ? wholeBody(args, before, request) : request.body;
  const lazily = operation.effect === 'read';
  const { signal, deadline } = limits;
  const answer = operation.listing
    ? await collectRows(operation, args, { ...request, lazily }, context, limits)
    : assertShape(
        operation,
        await sendOnce(operation, { ...request, body, lazily, beforeSending, signal, deadline }, context),
      );
  return { ...answer, before };
}

/** @throws CallError, which says so where a write was done and only its answer cannot be read */
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
    throw doneButUnreadable(error);
  }
}

/** What a patch or a delete meets, to tell afterwards; that it cannot be read stops nothing. */
async function readFormer(
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
 * A PUT of this API takes the whole object, with the fields that the server manages. The current one is read,
 * the given fields are laid over it, and all of it goes back, fields unknown to us included.
 */
async function readCurrent(
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<JsonObject> {
  const { path } = prepareRequest(operation, args);
  const read = await context.send({ method: 'GET', path, repeatable: true, ...limits });
  const current = isJsonObject(read.body) ? read.body.result : undefined;
  if (!isObjectOfApi(current)) {
    throw new CallError(
      'invalid_response',
      'Synqly answered without the current object. Nothing was changed.',
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
 * The body that replaces an object.
 *
 * @throws CallError `stale_object` when it has changed since the caller read it
 */
export function wholeBody(args: Arguments, current: JsonObject, { body }: PreparedRequest): JsonObject {
  assertFresh(args.updated_at, current.updated_at);
  return overlay(current, body as JsonObject);
}

/** Times are compared as times: the API may write the same moment with more or fewer digits. */
function assertFresh(expected: unknown, actual: unknown): void {
  if (typeof expected !== 'string') return;
  // Some clients send it with quotes or blanks around it.
  const bare = expected.trim().replace(/^"(.*)"$/, '$1');
  const time = isMoment(bare) ? bare : expected;
  if (typeof actual === 'string' && isSameMoment(time, actual)) return;
  const upstream = { updated_at: actual };
  if (isMoment(time) || typeof actual !== 'string')
    throw new CallError('stale_object', 'The object has changed since the given updated_at.', { upstream });
  throw new CallError(
    'stale_object',
    'The given updated_at is no time, so that it is not that of the object.',
    {
      upstream,
      remediation:
        'Read the object, and repeat the change with the updated_at that it has, or without. Nothing was sent.',
    },
  );
}

/**
 * The new object: a field left out keeps its value, `null` leaves it out. Nulls of the answer are left out too,
 * since requests do not take them (Synqly Management API: absent optional fields may be answered as null).
 */
function overlay(current: JsonObject, given: JsonObject): JsonObject {
  const entries = Object.entries({ ...current, ...given });
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
}
