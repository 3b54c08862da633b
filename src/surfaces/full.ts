import { isServed, selectHelpers, selectTools, type View } from '../access/visibility.ts';
import type { CallResult } from '../pipeline/run-operation.ts';
import type { Session } from '../request-context.ts';
import { effects } from '../tools/published.ts';
import { recordRefusedNamed, runHelperNamed, type Surface, toolsLike } from './surface.ts';

/** One tool for each operation that is left, and those of this server's own. It is for sessions with pins of that kind. */
export function createFullSurface(view: View): Surface {
  const operations = selectTools(view);
  const helpers = selectHelpers(view);
  const isHelper = (name: string) => helpers.some((helper) => helper.name === name);
  return {
    tools: [...operations, ...helpers],
    operations,
    // What only the policy hides is refused by the call itself, which tells why and leaves its trail.
    call: (name, args, session, cancelled) => {
      if (isHelper(name)) return runHelperNamed(name, args, session, cancelled);
      return isOperation(name) && isServed(name, view.pins)
        ? runNamed(name, args, session, cancelled)
        : undefined;
    },
    recordUnknown: (name, args, session) => recordRefusedNamed(name, args, session, view.pins),
    instead: async (name) => {
      const closest = await toolsLike(name, operations);
      return closest.length > 0 ? `Closest: ${closest.join(', ')}.` : '';
    },
  };
}

let pipeline: Promise<typeof import('../pipeline/run-operation.ts')> | undefined;

const isOperation = (name: string) => Object.hasOwn(effects, name);

/** Listing the tools needs neither the catalogue nor the pipeline; the first call loads them. */
async function runNamed(
  name: string,
  args: unknown,
  session: Session,
  cancelled: AbortSignal,
): Promise<CallResult> {
  pipeline ??= import('../pipeline/run-operation.ts');
  const { runOperation } = await pipeline;
  return runOperation(name, args, session, cancelled);
}
