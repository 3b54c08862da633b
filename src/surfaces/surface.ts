import type { Pins } from '../access/pins.ts';
import { isServed } from '../access/visibility.ts';
import type { CallResult } from '../pipeline/run-operation.ts';
import type { Session } from '../request-context.ts';
import { effects, type Tool } from '../tools/published.ts';

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
    session: Session,
    cancelled: AbortSignal,
  ): Promise<CallResult> | undefined;
  /** Records a call of a tool that `call` does not know, if it is an operation. */
  recordUnknown?(name: string, args: unknown, session: Session): Promise<void>;
  /** What to call in the place of a tool that there is not; empty where nothing is like it. */
  instead?(name: string): Promise<string>;
}

/** Which of some tools are named or described like one that there is not. */
export async function toolsLike(name: string, tools: readonly Tool[]): Promise<readonly string[]> {
  const { closestTools } = await import('./compact/search.ts');
  return closestTools(name, tools);
}

/** Runs one of this server's own tools, which are loaded with the first of them. */
export async function runHelperNamed(
  name: string,
  args: unknown,
  session: Session,
  cancelled: AbortSignal,
): Promise<CallResult> {
  if (name === 'whoami') {
    const { tellWhoami } = await import('../pipeline/describe-access.ts');
    return tellWhoami(args, session, cancelled);
  }
  const { runHelper } = await import('../pipeline/run-tool.ts');
  return runHelper(name, args, session, cancelled);
}

/** Records a call of an operation that is no tool here, be it that pins hide it or that operations are run otherwise. */
export async function recordRefusedNamed(
  name: string,
  args: unknown,
  session: Session,
  pins: Pins | undefined,
): Promise<void> {
  if (!Object.hasOwn(effects, name)) return;
  const { recordRefused } = await import('../pipeline/run-operation.ts');
  await recordRefused(name, isServed(name, pins) ? 'unknown_operation' : 'outside_pin', args, session);
}
