import type { Arguments } from '../../lib/json.ts';
import type { ApiRequest } from '../../synqly/client.ts';
import { renderPath } from '../../synqly/url.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { pick } from '../arguments/parse.ts';

/** The parts of a request that follow from the arguments. */
export type PreparedRequest = Pick<
  ApiRequest,
  'method' | 'path' | 'query' | 'body' | 'repeatable' | 'lazily'
>;

/**
 * Builds the request of an operation from checked arguments.
 *
 * @throws CallError `invalid_arguments` when an id is invalid in a path
 */
export function prepareRequest(operation: Operation, args: Arguments): PreparedRequest {
  return {
    method: operation.method,
    path: renderPath(operation.path, pick(args, Object.keys(operation.params))),
    query: pick(args, Object.keys(operation.query)),
    body: bodyOf(operation, args),
    repeatable: isRepeatable(operation),
  };
}

/**
 * Whether sending it twice is the same as sending it once. Token resets and rotations are also PUT, but issue
 * new secrets each time. A repeated DELETE would report "not found" although the first one succeeded.
 */
export function isRepeatable(operation: Operation): boolean {
  return operation.effect === 'read' || (operation.method === 'PUT' && operation.idempotent);
}

/** A body without fields is sent as `{}`, as Synqly's SDKs do. */
function bodyOf(operation: Operation, args: Arguments): unknown {
  const { body, bodyIn } = operation;
  if (body === undefined) return undefined;
  if (operation.method === 'PATCH') return args.patch;
  const given = pick(args, Object.keys(body));
  return bodyIn === undefined ? given : { [bodyIn]: given };
}
