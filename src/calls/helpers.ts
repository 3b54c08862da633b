import { CallError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import type { Session } from '../session.ts';
import { findOperation } from '../tools/catalogue.ts';
import { confirmCall, previewCall } from '../tools/helpers.ts';
import { readArguments } from './arguments.ts';
import { type CallResult, finish, runCall } from './call.ts';
import { exampleWithin } from './hints/example.ts';

/** Runs a helper tool. Never throws. */
export async function runHelper(
  id: string,
  raw: unknown,
  session: Session,
  cancelled: AbortSignal,
): Promise<CallResult> {
  const started = performance.now();
  const helper = id === confirmCall.id ? confirmCall : previewCall;
  try {
    const run = helper === confirmCall ? confirm : preview;
    return await run(raw, session, cancelled);
  } catch (cause) {
    return finish(helper, raw, { cause }, session, { started, secrets: [], confirmedBy: undefined });
  }
}

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
  const operation = findOperation(String(tool));
  if (!operation) {
    throw new CallError('invalid_arguments', 'There is no such tool to preview.', {
      arguments: [{ argument: 'tool', problem: 'is not the name of an operation' }],
    });
  }
  const intent = { preview: previewCall };
  const result = await runCall(operation, isJsonObject(args) ? args : {}, session, cancelled, intent);
  return { ...result, value: exampleWithin(result.value, previewCall.id, 'tool') };
}
