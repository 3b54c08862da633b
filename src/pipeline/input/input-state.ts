import { createHash, randomBytes } from 'node:crypto';
import type { InputState } from '../../access/input-states.ts';
import { CallError, type ErrorCode } from '../../errors.ts';
import { type Arguments, canonicalJson } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import type { InputRequired } from '../../tools/input-required.ts';
import type { OperationCall } from '../call-state.ts';
import { InputNeeded } from './input-needed.ts';

/**
 * The state that the client sent with a repeated call; undefined for a first call. It may be expired, used, or of another
 * call of the same caller.
 *
 * @throws CallError `invalid_request_state`
 */
export function readInputState({ client, inputStates }: RequestContext): InputState | undefined {
  const text = client?.input?.state;
  if (text === undefined) return undefined;
  const state = inputStates.open(text);
  if (state) return state;
  throw new CallError(
    'invalid_request_state',
    'requestState is not valid: it was changed, or is of another caller or server.',
  );
}

/** A call that asks its person: of an operation, or of a tool that makes several calls. */
export type AskingCall = Omit<OperationCall, 'operation'> & { readonly operation: { readonly id: string } };

/** @throws CallError `answer_rejected` when the state has expired, or belongs to a call with other arguments */
export function assertStateOfCall(state: InputState, { operation, args }: AskingCall): void {
  if (state.operation !== operation.id || state.argumentsDigest !== digestOf(args))
    throw new CallError(
      'answer_rejected',
      'The arguments differ from those of the call that asked the person.',
    );
  if (state.expires <= Date.now())
    throw new CallError('answer_rejected', 'The answer arrived after the question had expired.');
}

/**
 * Uses up the state of a call. Called before anything is sent.
 *
 * @throws CallError `answer_rejected` when it was used before, `state_store_unavailable`
 */
export async function useInputState(state: InputState, call: AskingCall): Promise<void> {
  const { context } = call;
  const isFirst = await context.inputStates.use(state).catch((cause) => {
    context.log.error({ err: cause }, 'the state store failed');
    throw new CallError('state_store_unavailable', 'The state store cannot be reached.', { cause });
  });
  if (!isFirst) {
    throw new CallError('answer_rejected', 'The answer was already used by an earlier call.', {
      remediation:
        'This call sent nothing. Check whether the call that used the answer took effect before you make it again.',
    });
  }
  call.isInputStateUsed = true;
}

/** A question to the person of a call. */
export interface Question extends Pick<InputState, 'question' | 'snapshotDigest' | 'data'> {
  readonly requests: InputRequired['requests'];
  /** The code under which the call is recorded. */
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * Creates what a call throws to ask its person. If the call repeats one that asked the same question, it is the next round:
 * it expires with the first, and has the same id unless that is used up. The person's consent to the call, if there is one,
 * is kept for the next request.
 */
export function needInput(call: AskingCall, { requests, code, message, ...asked }: Question): InputNeeded {
  const { operation, args, context, inputState, confirmedBy, confirmedDigest } = call;
  const { inputStates } = context;
  const former = inputState?.question === asked.question ? inputState : undefined;
  const state = inputStates.seal({
    id: former && !call.isInputStateUsed ? former.id : randomBytes(16).toString('hex'),
    operation: operation.id,
    argumentsDigest: digestOf(args),
    round: (former?.round ?? 0) + 1,
    expires: former?.expires ?? Date.now() + inputStates.timeoutMs,
    ...(confirmedBy === 'person' && { isConfirmed: true, snapshotDigest: confirmedDigest }),
    ...asked,
  });
  return new InputNeeded(code, message, { requests, state });
}

const digestOf = (args: Arguments): string =>
  createHash('sha256').update(canonicalJson(args)).digest('base64url');
