import type { Arguments } from '../../lib/json.ts';
import type { ApiRequest } from '../../synqly/client.ts';
import { renderPath } from '../../synqly/url.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { pick } from '../arguments/parse.ts';

/** A request as far as the arguments decide it. */
export type PreparedRequest = Pick<
  ApiRequest,
  'method' | 'path' | 'query' | 'body' | 'repeatable' | 'lazily'
>;

/**
 * Builds the request of an operation from checked arguments.
 *
 * @throws CallError `invalid_arguments` when an id cannot stand in the path
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
 * Whether sending it twice is the same as sending it once. Token resets and rotations are PUT too, but make new
 * secrets each time; a DELETE sent twice would report the success of the first as "not found".
 */
export function isRepeatable(operation: Operation): boolean {
  return operation.effect === 'read' || (operation.method === 'PUT' && operation.idempotent);
}

/** Bodies whose fields are all optional are still sent, as `{}` (Synqly SDKs). */
function bodyOf(operation: Operation, args: Arguments): unknown {
  const { body, bodyIn } = operation;
  if (body === undefined) return undefined;
  if (operation.method === 'PATCH') return args.patch;
  const given = pick(args, Object.keys(body));
  return bodyIn === undefined ? given : { [bodyIn]: given };
}
