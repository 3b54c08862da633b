import {
  isVisible,
  type View,
  visibleBuiltinTools,
  visibleTools,
  visibleWorkflows,
  withoutUnusedSaveAs,
} from '../../access/visibility.ts';
import { findRespelled } from '../../lib/respelled-name.ts';
import type { ToolCallWriter } from '../../skills/render.ts';
import { effectOf } from '../../tools/effect-of.ts';
import { effects } from '../../tools/published.ts';
import type { Tool } from '../../tools/tool.ts';
import { recordHiddenCallNamed, runBuiltinToolNamed, type Surface, similarTools } from '../surface.ts';
import type { OperationIndex } from './operation-index.ts';
import { dispatcherNames, publishedDispatchers } from './published.ts';

/**
 * A few tools that find and run the selected operations. There is one for each kind of effect, so that a client can ask
 * for approval by effect. For contexts with the pins of this view.
 */
export function createCompactSurface(view: View): Surface {
  const selected = visibleTools(view);
  // `run_read` and `run_destroy` make several calls themselves.
  const builtinTools = visibleBuiltinTools(view).filter(
    ({ name }) => name !== 'read_batch' && name !== 'confirm_calls',
  );
  const index: OperationIndex = {
    tools: [...selected, ...visibleWorkflows(view)],
    isVisible: (id) => Object.hasOwn(effects, id) && isVisible(id, view.pins),
    toolCall,
  };
  const has = (list: readonly Tool[], name: string) => list.some((tool) => tool.name === name);
  const dispatchers = usefulDispatchers(selected).map((tool) => withoutUnusedSaveAs(tool, view));
  const note = createNote(dispatchers);
  const tools = [...dispatchers, ...builtinTools];
  return {
    tools,
    operations: selected,
    toolCall,
    ...(note !== undefined && { note }),
    call: (name, args, context, cancelled) => {
      if (has(builtinTools, name)) return runBuiltinToolNamed(name, args, context, cancelled);
      // A dispatcher with nothing to run is not listed. Called by name, it gives the reason and writes to the audit log.
      if (!has(publishedDispatchers, name)) return undefined;
      return import('./run-operation.ts').then(({ runDispatcher }) =>
        runDispatcher(name, args, index, context, cancelled),
      );
    },
    recordUnknownTool: (name, args, context) => recordHiddenCallNamed(name, args, context, view.pins),
    suggestAlternative: async (name) => {
      const tool = findRespelled(name, namesOf(tools));
      if (tool !== undefined) return `Use ${tool}.`;
      // A made-up dispatcher is like no operation, and a suggested one would be arbitrary.
      const dispatcherTools = namesOf(dispatchers).filter((one) => one.startsWith('run_'));
      if (/^run[-_.]/i.test(name) && dispatcherTools.length > 0) return `Use ${oneOf(dispatcherTools)}.`;
      const respelled = findRespelled(name, namesOf(index.tools));
      const operation = respelled ?? (await similarTools(name, index.tools))[0];
      if (operation === undefined) return '';
      return `Call ${dispatcherNameOf(operation)} with {"operation":"${operation}","arguments":{...}}.`;
    },
  };
}

/** Operations and workflows are called through a dispatcher, built-in tools by themselves. */
const toolCall: ToolCallWriter = (name, args) =>
  effectOf(name) === undefined
    ? { tool: name, arguments: args }
    : { tool: dispatcherNameOf(name), arguments: { operation: name, arguments: args } };

const namesOf = (tools: readonly Tool[]) => tools.map(({ name }) => name);
const dispatcherNameOf = (operation: string) => dispatcherNames[effectOf(operation) ?? 'destroy'];

/** The dispatchers that have operations to run or to find. */
function usefulDispatchers(selected: readonly Tool[]): readonly Tool[] {
  const used = new Set(selected.map(({ name }) => dispatcherNameOf(name)));
  const isUsefulSearch = (name: string) => name === 'find_operations' && selected.length > 0;
  return publishedDispatchers.filter(({ name }) => used.has(name) || isUsefulSearch(name));
}

/** Which operations each dispatcher runs, by the effects that `find_operations` gives. */
const purposes: Record<string, string> = {
  run_read: 'run_read',
  run_write: 'run_write (create, change)',
  run_destroy: 'run_destroy (destroy)',
};

/**
 * How operations are run here. Their names would exceed the length at which clients cut instructions, so that
 * `find_operations` lists them.
 */
function createNote(dispatchers: readonly Tool[]): string | undefined {
  const names = dispatchers.flatMap(({ name }) => purposes[name] ?? []);
  if (names.length === 0) return undefined;
  return `Operations are not tools here. Run them, also those named in texts, undo, previews and errors, with ${oneOf(names)}: {"operation":"accounts_list","arguments":{...}}. find_operations shows an operation's arguments; without arguments, the names of all.`;
}

/** `a, b or c` */
function oneOf(names: readonly string[]): string {
  const rest = names.slice(0, -1);
  return [...(rest.length > 0 ? [rest.join(', ')] : []), ...names.slice(-1)].join(' or ');
}
