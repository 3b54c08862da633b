import * as z from 'zod';
import type { BuiltinTool } from '../define-tool.ts';
import { openObject, text, texts } from '../schemas/fields.ts';

/** The calls of a batch; `maxCalls` is the limit. */
export const batchCalls = z
  .array(z.strictObject({ operation: text, arguments: openObject.optional(), fields: texts.optional() }))
  .min(1)
  .max(50);

export const readBatchTool: BuiltinTool = {
  id: 'read_batch',
  title: 'Make several read calls',
  summary:
    'Make up to 50 read calls side by side. An argument may take a value from an earlier answer: "$0.result.id", or "$0.rows.*.id" for a call per row.',
  effect: 'read',
  idempotent: true,
  params: {},
  input: z.strictObject({ calls: batchCalls }),
  run: ({ args, readBatch }) => readBatch(args.calls),
};
