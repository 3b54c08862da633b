import type { CallResult } from '../calls/call.ts';
import type { Pins } from '../pins.ts';
import type { Policy } from '../policy.ts';
import type { Session } from '../session.ts';
import { effects } from './published.ts';
import { isServed, selectHelpers, selectTools } from './select.ts';
import { runHelperNamed, type Surface, toolsLike } from './surface.ts';

/** One tool for each operation that pins and policy leave, and those about calls. It is for sessions with pins of that kind. */
export function createFullSurface(pins: Pins | undefined, policy: Policy): Surface {
  const operations = selectTools(pins, policy);
  const helpers = selectHelpers(pins, policy);
  const isHelper = (name: string) => helpers.some((helper) => helper.name === name);
  return {
    tools: [...operations, ...helpers],
    // What only the policy hides is refused by the call itself, which tells why and leaves its trail.
    call: (name, args, session, cancelled) => {
      if (isHelper(name)) return runHelperNamed(name, args, session, cancelled);
      return isOperation(name) && isServed(name, pins) ? runNamed(name, args, session, cancelled) : undefined;
    },
    instead: async (name) => {
      const closest = await toolsLike(name, operations);
      return closest.length > 0 ? `Closest: ${closest.join(', ')}.` : '';
    },
  };
}

let pipeline: Promise<typeof import('../calls/call.ts')> | undefined;

const isOperation = (name: string) => Object.hasOwn(effects, name);

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
