import { CallError } from '../errors.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import type { RequestContext } from '../request-context.ts';
import { builtinTools } from '../tools/builtin/index.ts';
import { findOperation } from '../tools/catalogue.ts';
import type { CallResult, ToolRequest } from '../tools/define-tool.ts';
import { isWorkflow } from '../tools/effect-of.ts';
import { wrapExample } from './arguments/example.ts';
import { parseArguments } from './arguments/parse.ts';
import { runBatch } from './batch/run-batch.ts';
import { carryOut } from './call-lists/carry-out.ts';
import { confirmCalls } from './call-lists/confirm-calls.ts';
import { previewCalls } from './call-lists/preview-calls.ts';
import { startCall } from './call-state.ts';
import { describeAccess } from './describe-access.ts';
import { readInputState } from './input/input-state.ts';
import { finish } from './outcome.ts';
import { withoutUnusedSaveAs } from './output/save-as-argument.ts';
import { runOperation } from './run-operation.ts';
import { runWorkflow } from './workflows/run-workflow.ts';

/** Runs a built-in tool. Never throws, except for an unknown id. */
export async function runBuiltinTool(
  id: string,
  raw: unknown,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<CallResult> {
  const tool = builtinTools.find((one) => one.id === id);
  if (!tool) throw new Error(`There is no built-in tool ${id}.`);
  const call = startCall(tool, raw, context);
  const run: ToolRequest['runOperation'] = async (operation, args, options) => {
    const result = await runOperation(operation, args, context, cancelled, options);
    // An example of the operation's call is shown as a call of this tool.
    return options.as ? { ...result, value: wrapExample(result.value, options.as.id, 'tool') } : result;
  };
  try {
    readInputState(context);
    return await tool.run({
      args: parseArguments(withoutUnusedSaveAs(tool, context), call.raw),
      takePending: (pending) => context.pendingCalls.take(pending),
      putBackPending: (pending, taken) => context.pendingCalls.putBack(pending, taken),
      runOperation: run,
      runWorkflow: (workflow, args, options) =>
        isWorkflow(workflow) ? runWorkflow(workflow, args, context, cancelled, options) : undefined,
      readBatch: (args) => runBatch(tool, call.raw, args, context, cancelled),
      confirmCalls: (args) => confirmCalls(tool, call.raw, args, context, cancelled),
      carryOut: (calls) => carryOut(calls, context, cancelled),
      previewCalls: (calls) => previewCalls(tool, call.raw, calls, context, cancelled),
      describeAccess: async () => finish(call, { value: await describeAccess(context, cancelled) }),
    });
  } catch (cause) {
    return finish(call, { cause });
  }
}

/** Records a call of an operation that is hidden from its caller. The caller only learns that the tool is unknown. */
export async function recordHiddenCall(
  id: string,
  code: 'outside_pin' | 'unknown_operation',
  raw: unknown,
  context: RequestContext,
): Promise<void> {
  const operation = findOperation(id);
  // Reads leave no entry in the audit log.
  if (!operation || operation.effect === 'read') return;
  await finish(startCall(operation, raw, context), {
    cause: new CallError(code, `${id} is not a tool of this server.`),
  });
}
