import {
  isVisible,
  type View,
  visibleBuiltinTools,
  visibleTools,
  visibleWorkflows,
} from '../access/visibility.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import { findRespelled } from '../lib/respelled-name.ts';
import type { RequestContext } from '../request-context.ts';
import type { CallResult } from '../tools/define-tool.ts';
import { effects } from '../tools/published.ts';
import type { Tool } from '../tools/tool.ts';
import {
  recordHiddenCallNamed,
  runBuiltinToolNamed,
  runWorkflowNamed,
  type Surface,
  similarTools,
} from './surface.ts';

/** One tool for each selected operation, the workflows and the built-in tools. For contexts with the pins of this view. */
export function createFullSurface(view: View): Surface {
  const operations = visibleTools(view);
  const workflows = visibleWorkflows(view);
  const builtinTools = visibleBuiltinTools(view);
  const has = (list: readonly Tool[], name: string) => list.some((tool) => tool.name === name);
  const tools = [...operations, ...workflows, ...builtinTools];
  return {
    tools,
    operations,
    toolCall: (tool, args) => ({ tool, arguments: args }),
    // The call itself refuses what only the policy hides: it gives the reason and writes to the audit log.
    call: (name, args, context, cancelled) => {
      if (has(builtinTools, name)) return runBuiltinToolNamed(name, args, context, cancelled);
      if (has(workflows, name)) return runWorkflowNamed(name, args, context, cancelled);
      return isOperation(name) && isVisible(name, view.pins)
        ? runNamed(name, args, context, cancelled)
        : undefined;
    },
    recordUnknownTool: (name, args, context) => recordHiddenCallNamed(name, args, context, view.pins),
    suggestAlternative: async (name) => {
      const meant = findRespelled(
        name,
        tools.map((tool) => tool.name),
      );
      if (meant !== undefined) return `Use ${meant}.`;
      const closest = await similarTools(name, operations);
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
  context: RequestContext,
  cancelled: StopSignal,
): Promise<CallResult> {
  pipeline ??= import('../pipeline/run-operation.ts');
  const { runOperationById } = await pipeline;
  return runOperationById(name, args, context, cancelled);
}
