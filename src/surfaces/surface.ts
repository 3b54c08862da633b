import type { Pins } from '../access/pins.ts';
import { isVisible } from '../access/visibility.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import type { RequestContext } from '../request-context.ts';
import type { CallResult } from '../tools/define-tool.ts';
import { effects } from '../tools/published.ts';
import type { Tool } from '../tools/tool.ts';

/** What a client is shown of the selected operations, and how it runs them. */
export interface Surface {
  readonly tools: readonly Tool[];
  /** The operations that they reach. */
  readonly operations: readonly Tool[];
  /** What the server's instructions say about it. */
  readonly note?: string;
  /** Runs a tool; undefined when there is none of that name. */
  call(
    name: string,
    args: unknown,
    context: RequestContext,
    cancelled: StopSignal,
  ): Promise<CallResult> | undefined;
  /** Records a call of a tool that `call` does not know, if it is an operation. */
  recordUnknownTool?(name: string, args: unknown, context: RequestContext): Promise<void>;
  /** What to call in the place of a tool that there is not; empty where nothing is like it. */
  suggestAlternative?(name: string): Promise<string>;
}

/** Which of some tools are named or described like one that there is not. */
export async function similarTools(name: string, tools: readonly Tool[]): Promise<readonly string[]> {
  const { closestTools } = await import('./compact/search.ts');
  return closestTools(name, tools);
}

/** Runs one of this server's own tools, which are loaded with the first of them. */
export async function runBuiltinToolNamed(
  name: string,
  args: unknown,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<CallResult> {
  const { runBuiltinTool } = await import('../pipeline/run-tool.ts');
  return runBuiltinTool(name, args, context, cancelled);
}

/** Records a call of an operation that is no tool here, be it that pins hide it or that operations are run otherwise. */
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
