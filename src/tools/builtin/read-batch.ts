import * as z from 'zod';
import type { BuiltinTool } from '../define-tool.ts';
import { abbreviated, openObject, text, texts } from '../schemas/fields.ts';

const calls = z
  .array(z.strictObject({ operation: text, arguments: openObject.optional(), fields: texts.optional() }))
  .min(1)
  .max(50);

/** The calls of a batch. */
export const batchCalls = abbreviated(calls, 'Up to 50 {operation, arguments?, fields?}');

export const readBatchTool: BuiltinTool = {
  id: 'read_batch',
  title: 'Make several read calls',
  summary:
    'Make several read calls at once. Arguments may be values of earlier answers: "$0.result.id", or "$0.rows.*.id" for a call per row.',
  effect: 'read',
  idempotent: true,
  params: {},
  // Published where results can be written to files.
  input: z.strictObject({ calls: batchCalls, save_as: text.optional() }),
  run: ({ args, readBatch }) => readBatch(args),
};
