import * as z from 'zod';
import { isJsonObject } from '../../lib/json.ts';
import type { BuiltinTool } from '../define-tool.ts';
import { openObject, text } from '../schemas/fields.ts';
import { operationNamed } from './operation-named.ts';

export const readMoreTool: BuiltinTool = {
  id: 'read_more',
  title: 'Read more of a result',
  summary: 'Read on where a result was cut.',
  effect: 'read',
  idempotent: true,
  params: {},
  input: z.strictObject({ tool: text, arguments: openObject.optional(), cursor: text }),
  run: async ({ args, runOperation, runWorkflow }) => {
    const options = { as: readMoreTool, cursor: String(args.cursor) };
    const part = runWorkflow(String(args.tool), args.arguments ?? {}, options);
    if (part) return part;
    const operation = operationNamed(args.tool, readMoreTool);
    return runOperation(operation, isJsonObject(args.arguments) ? args.arguments : {}, options);
  },
};
