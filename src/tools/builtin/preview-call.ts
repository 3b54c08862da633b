import * as z from 'zod';
import { CallError } from '../../errors.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { BuiltinTool } from '../define-tool.ts';
import { abbreviated, openObject, text } from '../schemas/fields.ts';
import { operationNamed } from './operation-named.ts';

/** Calls of a list. One that names no operation fails by itself, not the whole list. */
const calls = z
  .array(z.strictObject({ operation: text.optional(), arguments: openObject.optional() }))
  .min(1)
  .max(50);

export const previewCallTool: BuiltinTool = {
  id: 'preview_call',
  title: 'Preview a call',
  summary: 'Show what a call would send and change, and what else a delete affects. Changes nothing.',
  effect: 'read',
  idempotent: true,
  params: {},
  input: z.strictObject({
    tool: text.optional(),
    arguments: openObject.optional(),
    calls: abbreviated(calls, 'Up to 50 {operation, arguments}').optional(),
  }),
  run: async ({ args, runOperation, previewCalls }) => {
    const { tool, calls, ...others } = args;
    if (calls !== undefined) {
      const given = Object.keys(tool === undefined ? others : { tool, ...others });
      if (given.length === 0) return previewCalls(calls);
      throw new CallError('invalid_arguments', 'preview_call takes either calls, or tool and arguments.', {
        arguments: given.map((argument) => ({ argument, problem: 'cannot be given with calls' })),
      });
    }
    if (tool === undefined) {
      throw new CallError('invalid_arguments', `Invalid arguments for ${previewCallTool.id}.`, {
        arguments: [{ argument: 'tool', problem: 'is required (string)' }],
        example: { tool: previewCallTool.id, arguments: { tool: '<tool>' } },
      });
    }
    const operation = operationNamed(tool, previewCallTool);
    return runOperation(operation, isJsonObject(args.arguments) ? args.arguments : {}, {
      as: previewCallTool,
    });
  },
};
