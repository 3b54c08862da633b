import { CallError, type ErrorCode } from '../../errors.ts';
import { addListFields } from '../arguments/list-syntax.ts';
import { type OperationCall, timeLeft } from '../call-state.ts';
import { isRepeatable } from '../execute/build-request.ts';
import { nameConflicting } from './conflicting.ts';
import { suggestClosest } from './not-found.ts';

/** Adds to a failure what helps to correct the call: whether a retry is safe, the fields of the list, similar names. */
export async function explainFailure(cause: unknown, call: OperationCall): Promise<unknown> {
  const { operation, args, context } = call;
  const failure = addListFields(asRetrySafe(cause, call), operation, args);
  const named = await nameConflicting(failure, operation, args, context, () => timeLeft(call));
  return suggestClosest(named, operation, args, context, timeLeft(call));
}

/** A request that was not sent, or that is repeatable, may be tried again. */
function asRetrySafe(cause: unknown, { operation, isSent }: OperationCall): unknown {
  if (!(cause instanceof CallError) || cause.retry !== 'check') return cause;
  const isUnsent = operation.effect !== 'read' && !isSent;
  if (!isUnsent && (cause.details.done || !isRepeatable(operation))) return cause;
  const remediation = isUnsent
    ? (cause.details.remediation ?? unsentRemediation[cause.code])
    : cause.details.remediation;
  return new CallError(cause.code, cause.message, { ...cause.details, remediation, retry: 'safe' });
}

/** Replaces the advice to check whether the call took effect. */
const unsentRemediation: Partial<Record<ErrorCode, string>> = {
  cancelled: 'Nothing was sent.',
  interrupted: 'Nothing was sent. Call again once the server has been restarted.',
};
