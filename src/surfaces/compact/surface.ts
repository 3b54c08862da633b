import { isServed, selectHelpers, selectTools, type View } from '../../access/visibility.ts';
import { effects, runnerNames, runnerTools, type Tool } from '../../tools/published.ts';
import { indexOfNames } from '../../tools/tool-index.ts';
import type { Offer } from '../offer.ts';
import { recordRefusedNamed, runHelperNamed, type Surface, toolsLike } from '../surface.ts';

/**
 * A few tools that find and run the operations that are left: one for each kind of effect, so that a
 * client can ask its person by effect. It is for sessions with pins of that kind.
 */
export function createCompactSurface(view: View): Surface {
  const selected = selectTools(view);
  const helpers = selectHelpers(view);
  const offer: Offer = {
    tools: selected,
    knows: (id) => Object.hasOwn(effects, id) && isServed(id, view.pins),
  };
  const has = (list: readonly Tool[], name: string) => list.some((tool) => tool.name === name);
  const runners = usefulRunners(selected);
  const note = noteOn(selected, runners);
  return {
    tools: [...runners, ...helpers],
    operations: selected,
    ...(note !== undefined && { note }),
    call: (name, args, session, cancelled) => {
      if (has(helpers, name)) return runHelperNamed(name, args, session, cancelled);
      // A runner without use is not listed; called by name, it tells why and leaves its trail.
      if (!has(runnerTools, name)) return undefined;
      return import('./run-operation.ts').then(({ runRunner }) =>
        runRunner(name, args, offer, session, cancelled),
      );
    },
    recordUnknown: (name, args, session) => recordRefusedNamed(name, args, session, view.pins),
    instead: async (name) => {
      const [operation] = has(selected, name) ? [name] : await toolsLike(name, selected);
      if (operation === undefined) return '';
      return `Call ${runnerNameOf(operation)} with {"operation":"${operation}","arguments":{...}}.`;
    },
  };
}

const runnerNameOf = (operation: string) => runnerNames[effects[operation] ?? 'destroy'];

/** Those that have something to run or to find. */
function usefulRunners(selected: readonly Tool[]): readonly Tool[] {
  const used = new Set(selected.map(({ name }) => runnerNameOf(name)));
  const finds = (name: string) => name === 'find_operations' && selected.length > 0;
  return runnerTools.filter(({ name }) => used.has(name) || finds(name));
}

/** What each runner is for, where the index does not say it. */
const purposes: Record<string, string> = {
  run_read: 'run_read',
  run_write: 'run_write (create, change)',
  run_destroy: 'run_destroy (marked !)',
};

function noteOn(selected: readonly Tool[], runners: readonly Tool[]): string | undefined {
  const doors = runners.flatMap(({ name }) => purposes[name] ?? []);
  const last = doors.pop();
  if (last === undefined) return undefined;
  const choice = doors.length === 0 ? last : `${doors.join(', ')} or ${last}`;
  return `Operations are not tools here: run them, also those that texts, undo, previews and errors name, with ${choice}: {"operation":"accounts_list","arguments":{...}}. Ask find_operations for arguments where a list or an id is not all. By prefix (accounts: list is accounts_list):
${indexOfNames(selected)}`;
}
