import { createHash } from 'node:crypto';
import { isPermitted } from '../../access/permissions.ts';
import { needsConfirmation } from '../../access/policy.ts';
import { CallError } from '../../errors.ts';
import { type StopSignal, toAbortSignal } from '../../lib/cancellation.ts';
import { type Arguments, isJsonObject } from '../../lib/json.ts';
import { questionsSignal } from '../../lib/shutdown.ts';
import { fitsTokens } from '../../lib/token-estimate.ts';
import type { McpClient } from '../../mcp-client.ts';
import type { RequestContext } from '../../request-context.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { CallResult, ToolDefinition } from '../../tools/define-tool.ts';
import { permissionOf } from '../../tools/required-permission.ts';
import { type CallState, startCall } from '../call-state.ts';
import { nextStep } from '../confirmation/confirm.ts';
import { interrupted } from '../execute/deadline.ts';
import {
  type AskingCall,
  assertStateOfCall,
  needInput,
  readInputState,
  useInputState,
} from '../input/input-state.ts';
import { finish } from '../outcome.ts';
import { carryOut, type ReadyCall } from './carry-out.ts';
import { describeCalls } from './describe-calls.ts';
import {
  acceptsCountAndName,
  type CountAndName,
  createFormOfCalls,
  type FormOfCalls,
} from './form-of-calls.ts';
import { findConflicts, type InspectedCall, inspectCalls, wasCancelled } from './inspect-calls.ts';

/**
 * Carries out several destroying calls after one confirmation that names and counts everything. All calls are checked before
 * anything is asked, and nothing is sent if one of them cannot be made. Never throws.
 *
 * @param tool the tool that was called
 * @param raw its arguments
 * @param args its checked arguments, with `calls`
 */
export async function confirmCalls(
  tool: ToolDefinition,
  raw: unknown,
  args: Arguments,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<CallResult> {
  const call = startCall(tool, raw, context);
  let ready: readonly ReadyCall[];
  try {
    ready = await obtainConsent(call, { tool, args, context, cancelled });
  } catch (cause) {
    return finish(call, { cause });
  }
  // Each call is logged and audited by itself.
  return carryOut(ready, context, cancelled);
}

interface ListCall {
  readonly tool: ToolDefinition;
  readonly args: Arguments;
  readonly context: RequestContext;
  readonly cancelled: StopSignal;
}

/** @throws CallError, InputNeeded */
async function obtainConsent(call: CallState, list: ListCall): Promise<readonly ReadyCall[]> {
  const { tool, args, context, cancelled } = list;
  const inputState = readInputState(context);
  // Do not ask about calls that the audit log could not record.
  await context.auditLog.assertReady();
  const asking: AskingCall = { ...call, operation: tool, args, references: [], cancelled, inputState };
  if (inputState) {
    const answered = await readRound(asking);
    if (answered) return answered;
  }
  const calls = await inspectAll(list);
  if (!needsConfirmation(context.policy, 'destroy')) return calls.map((one) => readyCall(one, undefined));
  const ready = calls.map((one) => readyCall(one, 'person'));
  const { client } = context;
  if (client?.input?.hasForms) throw askInRound(asking, ready, createFormOfCalls(calls));
  if (!client?.showForm) throw keepPending(call, calls);
  const answer = await askPerson(createFormOfCalls(calls), client.showForm, list);
  if (answer === 'yes') return ready;
  if (cancelled.aborted) throw wasCancelled();
  if (questionsSignal().aborted) throw interrupted();
  throw answer === 'no' ? notConfirmed(calls.length) : otherTyped();
}

/** Checks every call. @throws CallError if one of them cannot be made */
async function inspectAll({ args, context, cancelled }: ListCall): Promise<readonly InspectedCall[]> {
  const given = args.calls as readonly unknown[];
  const { calls, refused } = await inspectCalls(given, context, cancelled, {
    requires: (operation) => assertDestroys(operation, context),
  });
  const [first] = refused;
  if (first) {
    const { code, details } = first.cause;
    throw new CallError(
      code,
      `${refused.length} of ${given.length} calls cannot be made, so none was sent.`,
      {
        ...(details.retry !== undefined && { retry: details.retry }),
        arguments: refused.map(({ index, name, cause }) => ({
          argument: `calls.${index}`,
          problem: `${name}: ${cause.code}: ${[cause.message, ...problemsOf(cause)].join(' ')}`,
        })),
        remediation: 'Nothing was sent. Correct these calls or leave them out.',
      },
    );
  }
  const conflicts = findConflicts(calls);
  if (conflicts.length === 0) return calls;
  throw new CallError('invalid_arguments', 'Calls of one list must not affect each other.', {
    arguments: conflicts.map(({ index, problem }) => ({ argument: `calls.${index}`, problem })),
  });
}

const problemsOf = ({ details }: CallError): readonly string[] =>
  (details.arguments ?? []).map(({ argument, problem }) => `${argument} ${problem}.`);

/** @throws CallError `wrong_tool`, `forbidden` */
function assertDestroys(operation: Operation, { permissions }: RequestContext): void {
  const { id, effect } = operation;
  if (!isPermitted(permissions?.current, permissionOf(operation), effect))
    throw new CallError('forbidden', `The token's permissions do not cover ${id}.`);
  if (effect === 'destroy') return;
  throw new CallError(
    'wrong_tool',
    `${id} has the effect ${effect}; a list of calls takes only operations with the effect destroy.`,
  );
}

function readyCall({ operation, args, snapshot }: InspectedCall, by: 'person' | undefined): ReadyCall {
  const digest = by === undefined ? undefined : snapshot.digest;
  return { operationId: operation.id, args, digest, ...(by && { confirmedBy: by }) };
}

/** Keeps the calls for `confirm_call`. */
function keepPending({ context }: CallState, calls: readonly InspectedCall[]): CallError {
  const { pendingCalls, maxResultTokens } = context;
  const preview = describeCalls({ calls, refused: [] });
  // What does not fit is not shown, and what is not shown cannot be confirmed.
  if (!fitsTokens(preview, maxResultTokens * 0.9)) {
    return new CallError('invalid_arguments', 'The calls are too many to show to a person.', {
      arguments: [{ argument: 'calls', problem: 'must have fewer calls: make several lists' }],
    });
  }
  const id = pendingCalls.add({
    calls: calls.map(({ operation, args, snapshot }) => ({
      operationId: operation.id,
      args,
      digest: snapshot.digest,
    })),
  });
  return new CallError('confirmation_required', `${calls.length} calls must be confirmed.`, {
    confirmation: { id, expires_in_s: Math.round(pendingCalls.timeoutMs / 1000), preview },
    remediation: nextStep(context),
  });
}

const notConfirmed = (count: number) =>
  new CallError('confirmation_declined', `The person did not agree to the ${count} calls.`);

const otherTyped = () =>
  new CallError('confirmation_declined', 'The person did not type the requested number and name.', {
    remediation: 'Nothing was sent. Ask the person whether these are the right objects before you try again.',
  });

type Answer = 'yes' | 'no' | 'other';

/** Anything but an explicit yes cancels the calls. */
async function askPerson(
  { form, typed }: FormOfCalls,
  showForm: NonNullable<McpClient['showForm']>,
  { context, cancelled }: ListCall,
): Promise<Answer> {
  try {
    const answer = await showForm(form, {
      within: context.pendingCalls.timeoutMs,
      signal: AbortSignal.any([toAbortSignal(cancelled), questionsSignal()]),
    });
    return readAnswer(answer, typed) ?? 'no';
  } catch {
    return 'no';
  }
}

/** Undefined if the response holds no answer to the form. */
function readAnswer(response: unknown, typed: CountAndName | undefined): Answer | undefined {
  if (!isJsonObject(response)) return undefined;
  const { action, content } = response;
  if (action === 'decline' || action === 'cancel') return 'no';
  if (action !== 'accept' || !isJsonObject(content)) return undefined;
  const { confirm, name } = content;
  if (!typed) return typeof confirm === 'boolean' ? (confirm ? 'yes' : 'no') : undefined;
  if (typeof name !== 'string' || name.trim() === '') return undefined;
  return acceptsCountAndName(typed, name) ? 'yes' : 'other';
}

/** The key of the form among the questions of a result, and of its answer. */
const formKey = 'confirmation';

/** How often a form is shown again after a response without an answer. */
const maxRepeats = 3;

/** Asks the person of a client that answers by repeating the call. The state holds what was shown of each call. */
function askInRound(
  asking: AskingCall,
  ready: readonly ReadyCall[],
  { form, typed }: FormOfCalls,
): CallError {
  const digests = ready.map(({ digest }) => digest).join(' ');
  return needInput(asking, {
    question: 'confirmation',
    snapshotDigest: createHash('sha256').update(digests).digest('base64url'),
    data: { digests, ...(typed && { count: String(typed.count), name: typed.name }) },
    requests: { [formKey]: { method: 'elicitation/create', params: { mode: 'form', ...form } } },
    code: 'confirmation_required',
    message: `${ready.length} calls must be confirmed.`,
  });
}

/**
 * The calls, if the person agreed to what was shown of them. It counts once, among all servers that share the state store.
 *
 * @returns undefined if the form must be shown again
 * @throws CallError `answer_rejected`, `confirmation_declined`
 */
async function readRound(asking: AskingCall): Promise<readonly ReadyCall[] | undefined> {
  const { inputState: state, context, args } = asking;
  if (!state) return undefined;
  assertStateOfCall(state, asking);
  const { digests = '', count, name } = state.data ?? {};
  const typed = count !== undefined && name !== undefined ? { count: Number(count), name } : undefined;
  const responses = context.client?.input?.responses;
  const response =
    isJsonObject(responses) && Object.hasOwn(responses, formKey) ? responses[formKey] : undefined;
  const answer = readAnswer(response, typed);
  if (answer === undefined && state.round <= maxRepeats) return undefined;
  await useInputState(state, asking);
  const given = args.calls as readonly Arguments[];
  if (answer === undefined)
    throw new CallError(
      'confirmation_declined',
      `The client returned the form ${maxRepeats + 1} times without an answer.`,
    );
  if (answer !== 'yes') throw answer === 'no' ? notConfirmed(given.length) : otherTyped();
  const shown = digests.split(' ');
  return given.map((one, index) => ({
    operationId: String(one.operation),
    args: isJsonObject(one.arguments) ? one.arguments : {},
    // Without a digest nothing was shown, and no state of a call is like an empty one.
    digest: shown[index] ?? '',
    confirmedBy: 'person',
  }));
}
