import type * as z from 'zod';
import { getOrCreate } from '../../lib/get-or-create.ts';
import type { RequestContext } from '../../request-context.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { text } from '../../tools/schemas/fields.ts';
import type { Workflow } from '../../tools/workflows/define-workflow.ts';

const withArgument = new WeakMap<Operation | Workflow, Operation | Workflow>();

/** The operation or workflow with the argument `save_as`, if its rows can be written to a file. */
export function withSaveAs<Tool extends Operation | Workflow>(
  tool: Tool,
  { outputDirectory }: RequestContext,
): Tool {
  const hasRows = 'alsoReads' in tool || tool.listing !== undefined;
  if (outputDirectory === undefined || !hasRows) return tool;
  const extend = () => ({ ...tool, input: tool.input.extend({ save_as: text.optional() }) });
  return getOrCreate(withArgument, tool, extend) as Tool;
}

interface ToolWithInput {
  readonly id: string;
  readonly input: z.ZodObject;
}

const withoutArgument = new WeakMap<ToolWithInput, ToolWithInput>();

/** A tool of this server without the argument `save_as`, if this server writes no files. */
export function withoutUnusedSaveAs(tool: ToolWithInput, { outputDirectory }: RequestContext): ToolWithInput {
  if (outputDirectory !== undefined || !('save_as' in tool.input.shape)) return tool;
  return getOrCreate(withoutArgument, tool, () => ({
    id: tool.id,
    input: tool.input.omit({ save_as: true }),
  }));
}
