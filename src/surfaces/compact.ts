import type { Pins } from '../pins.ts';
import type { Policy } from '../policy.ts';
import { indexOfNames } from './index-of-names.ts';
import { effects, runnerTools, type Tool } from './published.ts';
import { isServed, selectHelpers, selectTools } from './select.ts';
import { runHelperNamed, type Surface, toolsLike } from './surface.ts';

/** What is told of operations where they are not tools. */
export interface Offer {
  /** The operations that pins and policy leave, as they are published. */
  readonly tools: readonly Tool[];
  /** Whether pins leave an operation in sight. What only the policy hides is refused by the call itself. */
  knows(id: string): boolean;
}

/**
 * A few tools that find and run the operations that pins and policy leave: one for each kind of effect, so that a
 * client can ask its person by effect. It is for sessions with pins of that kind.
 */
export function createCompactSurface(pins: Pins | undefined, policy: Policy): Surface {
  const selected = selectTools(pins, policy);
  const helpers = selectHelpers(pins, policy);
  const offer: Offer = {
    tools: selected,
    knows: (id) => Object.hasOwn(effects, id) && isServed(id, pins),
  };
  const has = (list: readonly Tool[], name: string) => list.some((tool) => tool.name === name);
  return {
    tools: [...usefulRunners(selected), ...helpers],
    note: noteOn(selected),
    call: (name, args, session, cancelled) => {
      if (has(helpers, name)) return runHelperNamed(name, args, session, cancelled);
      // A runner without use is not listed; called by name, it tells why and leaves its trail.
      if (!has(runnerTools, name)) return undefined;
      return import('./run.ts').then(({ runRunner }) => runRunner(name, args, offer, session, cancelled));
    },
    instead: async (name) => {
      const [operation] = has(selected, name) ? [name] : await toolsLike(name, selected);
      if (operation === undefined) return '';
      return `Call ${runnerNameOf(operation)} with {"operation":"${operation}","arguments":{...}}.`;
    },
  };
}

function runnerNameOf(operation: string): string {
  const effect = effects[operation];
  return effect === 'read' || effect === 'destroy' ? `run_${effect}` : 'run_write';
}

function usefulRunners(selected: readonly Tool[]): readonly Tool[] {
  const left = new Set(selected.map(({ name }) => effects[name]));
  const hasUse: Record<string, boolean> = {
    run_read: left.has('read'),
    run_write: left.has('create') || left.has('change'),
    run_destroy: left.has('destroy'),
  };
  return runnerTools.filter(({ name }) => hasUse[name] ?? true);
}

function noteOn(selected: readonly Tool[]): string {
  return `Operations are not tools of their own here. Wherever a tool such as accounts_list is named (in these texts, undo, previews, errors), run it with run_read, run_write (create, change) or run_destroy: {"operation":"accounts_list","arguments":{...}}. Get the arguments from find_operations first. All operations, by prefix: accounts: list is accounts_list; ! marks those for run_destroy.
${indexOfNames(selected)}`;
}
