import { isEffectAllowed } from '../access/policy.ts';
import { isInToolsets } from '../access/toolsets.ts';
import { CallError } from '../errors.ts';
import type { RequestContext } from '../request-context.ts';
import type { Operation } from '../tools/define-operation.ts';
import type { OperationCall } from './call-state.ts';
import { assertNoLastingToken } from './secrets/lasting-tokens.ts';
import { assertStoreHasCapacity } from './secrets/store-response.ts';

/**
 * Refuses calls that the policy of this server does not allow, and calls whose secret could not be returned.
 *
 * @throws CallError `not_selected`, `read_only` or `secret_refused`
 */
export function authorize({ operation, tool, context }: OperationCall): void {
  assertPermitted(operation, context);
  assertSecretCanBeReturned(operation, context);
  if (tool === operation) assertStoreHasCapacity(operation, context);
}

function assertPermitted({ id, effect, group }: Operation, { policy }: RequestContext): void {
  if (!isInToolsets(policy.toolsetFilter, { id, group }))
    throw new CallError('not_selected', `${id} is not available on this server.`);
  if (!isEffectAllowed(policy, effect))
    throw new CallError('read_only', `${id} writes, and only reads are allowed here.`);
}

/** A call that is made for a secret is useless if the secret can be neither stored nor shown. */
function assertSecretCanBeReturned(operation: Operation, context: RequestContext): void {
  assertNoLastingToken(operation, context);
  const { id, returnsSecret } = operation;
  if (!returnsSecret || context.revealSecrets || context.secrets.store) return;
  throw new CallError('secret_refused', `${id} returns a secret, which this server does not show.`);
}
