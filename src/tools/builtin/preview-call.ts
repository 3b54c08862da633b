import * as z from 'zod';
import { isJsonObject } from '../../lib/json.ts';
import type { BuiltinTool } from '../define-tool.ts';
import { openObject, text } from '../schemas/fields.ts';
import { operationNamed } from './operation-named.ts';

export const previewCallTool: BuiltinTool = {
  id: 'preview_call',
  title: 'Preview a call',
  summary: 'Show what a call would send and change, and what else a delete affects. Changes nothing.',
  effect: 'read',
  idempotent: true,
  params: {},
  input: z.strictObject({ tool: text, arguments: openObject.optional() }),
  run: async ({ args, runOperation }) => {
    const operation = operationNamed(args.tool, previewCallTool);
    return runOperation(operation, isJsonObject(args.arguments) ? args.arguments : {}, {
      as: previewCallTool,
    });
  },
};
