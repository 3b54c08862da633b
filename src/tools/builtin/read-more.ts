import * as z from 'zod';
import { isJsonObject } from '../../lib/json.ts';
import type { BuiltinTool } from '../define-tool.ts';
import { openObject, text } from '../schemas/fields.ts';
import { findWorkflow } from '../workflows/index.ts';
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
    const workflow = findWorkflow(String(args.tool));
    if (workflow)
      return runWorkflow(workflow.id, args.arguments ?? {}, {
        as: readMoreTool,
        cursor: String(args.cursor),
      });
    const operation = operationNamed(args.tool, readMoreTool);
    return runOperation(operation, isJsonObject(args.arguments) ? args.arguments : {}, {
      as: readMoreTool,
      cursor: String(args.cursor),
    });
  },
};
