import { isVisible, type View, visibleBuiltinTools, visibleTools } from '../../access/visibility.ts';
import { effects } from '../../tools/published.ts';
import type { Tool } from '../../tools/tool.ts';
import { toolIndex } from '../../tools/tool-index.ts';
import type { OperationIndex } from '../offer.ts';
import { recordHiddenCallNamed, runBuiltinToolNamed, type Surface, similarTools } from '../surface.ts';
import { dispatcherNames, publishedDispatchers } from './published.ts';

/**
 * A few tools that find and run the operations that are left: one for each kind of effect, so that a
 * client can ask its person by effect. It is for sessions with pins of that kind.
 */
export function createCompactSurface(view: View): Surface {
  const selected = visibleTools(view);
  const builtinTools = visibleBuiltinTools(view);
  const index: OperationIndex = {
    tools: selected,
    isVisible: (id) => Object.hasOwn(effects, id) && isVisible(id, view.pins),
  };
  const has = (list: readonly Tool[], name: string) => list.some((tool) => tool.name === name);
  const dispatchers = usefulDispatchers(selected);
  const note = noteOn(selected, dispatchers);
  return {
    tools: [...dispatchers, ...builtinTools],
    operations: selected,
    ...(note !== undefined && { note }),
    call: (name, args, session, cancelled) => {
      if (has(builtinTools, name)) return runBuiltinToolNamed(name, args, session, cancelled);
      // A runner without use is not listed; called by name, it tells why and leaves its trail.
      if (!has(publishedDispatchers, name)) return undefined;
      return import('./run-operation.ts').then(({ runDispatcher }) =>
        runDispatcher(name, args, index, session, cancelled),
      );
    },
    recordUnknownTool: (name, args, session) => recordHiddenCallNamed(name, args, session, view.pins),
    suggestAlternative: async (name) => {
      const [operation] = has(selected, name) ? [name] : await similarTools(name, selected);
      if (operation === undefined) return '';
      return `Call ${dispatcherNameOf(operation)} with {"operation":"${operation}","arguments":{...}}.`;
    },
  };
}

const dispatcherNameOf = (operation: string) => dispatcherNames[effects[operation] ?? 'destroy'];

/** Those that have something to run or to find. */
function usefulDispatchers(selected: readonly Tool[]): readonly Tool[] {
  const used = new Set(selected.map(({ name }) => dispatcherNameOf(name)));
  const finds = (name: string) => name === 'find_operations' && selected.length > 0;
  return publishedDispatchers.filter(({ name }) => used.has(name) || finds(name));
}

/** What each runner is for, where the index does not say it. */
const purposes: Record<string, string> = {
  run_read: 'run_read',
  run_write: 'run_write (create, change)',
  run_destroy: 'run_destroy (marked !)',
};

function noteOn(selected: readonly Tool[], dispatchers: readonly Tool[]): string | undefined {
  const doors = dispatchers.flatMap(({ name }) => purposes[name] ?? []);
  const last = doors.pop();
  if (last === undefined) return undefined;
  const choice = doors.length === 0 ? last : `${doors.join(', ')} or ${last}`;
  return `Operations are not tools here: run them, also those that texts, undo, previews and errors name, with ${choice}: {"operation":"accounts_list","arguments":{...}}. Ask find_operations for arguments where a list or an id is not all. By prefix (accounts: list is accounts_list):
${toolIndex(selected)}`;
}
