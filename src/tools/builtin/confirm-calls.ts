import * as z from 'zod';
import type { BuiltinTool } from '../define-tool.ts';
import { abbreviated, openObject, text } from '../schemas/fields.ts';

const calls = z
  .array(z.strictObject({ operation: text, arguments: openObject.optional() }))
  .min(1)
  .max(50);

/** The destroying calls of a list. */
export const destroyingCalls = abbreviated(calls, 'Up to 50 {operation, arguments}');

export const confirmCallsTool: BuiltinTool = {
  id: 'confirm_calls',
  title: 'Delete or reset several objects',
  summary: 'Delete, reset or revoke several objects in turn, with one confirmation. Final.',
  effect: 'destroy',
  idempotent: false,
  params: {},
  input: z.strictObject({ calls: destroyingCalls }),
  run: ({ args, confirmCalls }) => confirmCalls(args),
};
