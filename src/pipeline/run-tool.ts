import { CallError } from '../errors.ts';
import { isJsonObject } from '../lib/json.ts';
import type { Session } from '../request-context.ts';
import { confirmCall, type Helper, helpers, previewCall, showPart } from '../tools/builtin/index.ts';
import { findOperation } from '../tools/catalogue.ts';
import type { Operation } from '../tools/define-operation.ts';
import { exampleWithin } from './arguments/example.ts';
import { readArguments } from './arguments/parse.ts';
import { type CallResult, finish, runCall } from './run-operation.ts';

/** Runs a helper tool. Never throws. */
export async function runHelper(
  id: string,
  raw: unknown,
  session: Session,
  cancelled: AbortSignal,
): Promise<CallResult> {
  const started = performance.now();
  const helper = helpers.find((one) => one.id === id) ?? previewCall;
  try {
    return await (runs[helper.id] ?? preview)(raw, session, cancelled);
  } catch (cause) {
    return finish(helper, raw, { cause }, session, { started, secrets: [], confirmedBy: undefined });
  }
}

type Run = (raw: unknown, session: Session, cancelled: AbortSignal) => Promise<CallResult>;

const runs: Readonly<Record<string, Run>> = {
  [confirmCall.id]: confirm,
  [previewCall.id]: preview,
  [showPart.id]: readOn,
};

function confirm(raw: unknown, session: Session, cancelled: AbortSignal): Promise<CallResult> {
  const { id } = readArguments(confirmCall, raw);
  const confirmed = session.pending.take(String(id));
  const operation = confirmed && findOperation(confirmed.operationId);
  if (!operation) {
    throw new CallError('confirmation_unknown', 'No call waits for this confirmation.');
  }
  return runCall(operation, confirmed.args, session, cancelled, { confirmed });
}

async function preview(raw: unknown, session: Session, cancelled: AbortSignal): Promise<CallResult> {
  const { tool, arguments: args } = readArguments(previewCall, raw);
  const intent = { as: previewCall };
  const operation = operationFor(previewCall, tool);
  const result = await runCall(operation, isJsonObject(args) ? args : {}, session, cancelled, intent);
  return { ...result, value: exampleWithin(result.value, previewCall.id, 'tool') };
}

async function readOn(raw: unknown, session: Session, cancelled: AbortSignal): Promise<CallResult> {
  const { tool, arguments: args, part } = readArguments(showPart, raw);
  const intent = { as: showPart, part: String(part) };
  const operation = operationFor(showPart, tool);
  const result = await runCall(operation, isJsonObject(args) ? args : {}, session, cancelled, intent);
  return { ...result, value: exampleWithin(result.value, showPart.id, 'tool') };
}

function operationFor(helper: Helper, tool: unknown): Operation {
  const operation = findOperation(String(tool));
  if (operation) return operation;
  throw new CallError('invalid_arguments', `There is no such tool for ${helper.id}.`, {
    arguments: [{ argument: 'tool', problem: 'is not the name of an operation' }],
  });
}
