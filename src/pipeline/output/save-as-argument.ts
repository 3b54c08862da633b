import type * as z from 'zod';
import { getOrCreate } from '../../lib/get-or-create.ts';
import type { RequestContext } from '../../request-context.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { text } from '../../tools/schemas/fields.ts';

const withArgument = new WeakMap<Operation, Operation>();

/** The operation with the argument `save_as`, if its rows can be written to a file. */
export function withSaveAs(operation: Operation, { outputDirectory }: RequestContext): Operation {
  if (outputDirectory === undefined || !operation.listing) return operation;
  return getOrCreate(withArgument, operation, () => ({
    ...operation,
    input: operation.input.extend({ save_as: text.optional() }),
  }));
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
