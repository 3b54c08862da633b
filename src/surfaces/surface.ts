import type { Pins } from '../access/pins.ts';
import { isVisible } from '../access/visibility.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import type { RequestContext } from '../request-context.ts';
import type { ToolCallWriter } from '../skills/render.ts';
import type { CallResult } from '../tools/define-tool.ts';
import { effects } from '../tools/published.ts';
import type { Tool } from '../tools/tool.ts';

/** How the selected operations are shown to a client and run. */
export interface Surface {
  readonly tools: readonly Tool[];
  /** The operations that the tools can run. */
  readonly operations: readonly Tool[];
  /** Text about the surface for the server's instructions. */
  readonly note?: string;
  /** How an operation, a workflow or a built-in tool is called here. */
  readonly toolCall: ToolCallWriter;
  /** Runs a tool; undefined when no tool has that name. */
  call(
    name: string,
    args: unknown,
    context: RequestContext,
    cancelled: StopSignal,
  ): Promise<CallResult> | undefined;
  /** Records a call of a tool that `call` does not know, if it is an operation. */
  recordUnknownTool?(name: string, args: unknown, context: RequestContext): Promise<void>;
  /** Says which tool to call in place of an unknown one, its right name first; empty when none is similar. */
  suggestAlternative?(name: string): Promise<string>;
}

/** Tools whose names or descriptions are similar to an unknown name. */
export async function similarTools(name: string, tools: readonly Tool[]): Promise<readonly string[]> {
  const { closestTools } = await import('./compact/search/search.ts');
  return closestTools(name, tools);
}

/** Runs a built-in tool. The first call loads their code. */
export async function runBuiltinToolNamed(
  name: string,
  args: unknown,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<CallResult> {
  const { runBuiltinTool } = await import('../pipeline/run-tool.ts');
  return runBuiltinTool(name, args, context, cancelled);
}

/** Runs a workflow. The first call loads their code. */
export async function runWorkflowNamed(
  name: string,
  args: unknown,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<CallResult> {
  const { runWorkflow } = await import('../pipeline/workflows/run-workflow.ts');
  return runWorkflow(name, args, context, cancelled);
}

/** Records a call of an operation that is not a tool here, because pins hide it or because the surface is compact. */
export async function recordHiddenCallNamed(
  name: string,
  args: unknown,
  context: RequestContext,
  pins: Pins | undefined,
): Promise<void> {
  if (!Object.hasOwn(effects, name)) return;
  const { recordHiddenCall } = await import('../pipeline/run-tool.ts');
  await recordHiddenCall(name, isVisible(name, pins) ? 'unknown_operation' : 'outside_pin', args, context);
}
