import type { CallResult } from '../calls/call.ts';
import type { Pins } from '../pins.ts';
import type { Session } from '../session.ts';
import type { Tool } from './published.ts';
import { selectTools } from './select.ts';

/** What a client is shown of the selected operations, and how it runs them. */
export interface Surface {
  readonly tools: readonly Tool[];
  /** Runs a tool; undefined when there is none of that name. */
  call(
    name: string,
    args: unknown,
    session: Session,
    cancelled: AbortSignal,
  ): Promise<CallResult> | undefined;
}

/** One tool for each operation that the pins leave. It is for sessions with pins of that kind. */
export function createFullSurface(pins?: Pins): Surface {
  const tools = selectTools(pins);
  const names = new Set(tools.map(({ name }) => name));
  return {
    tools,
    call: (name, args, session, cancelled) =>
      names.has(name) ? runNamed(name, args, session, cancelled) : undefined,
  };
}

let pipeline: Promise<typeof import('../calls/call.ts')> | undefined;

/** Listing the tools needs neither the catalogue nor the pipeline; the first call loads them. */
async function runNamed(
  name: string,
  args: unknown,
  session: Session,
  cancelled: AbortSignal,
): Promise<CallResult> {
  pipeline ??= import('../calls/call.ts');
  const { runOperation } = await pipeline;
  return runOperation(name, args, session, cancelled);
}
