import * as z from 'zod';
import { destroyingCalls } from '../../tools/builtin/confirm-calls.ts';
import { batchCalls } from '../../tools/builtin/read-batch.ts';
import type { Effect } from '../../tools/define-operation.ts';
import type { ToolDefinition } from '../../tools/define-tool.ts';
import { limit, openObject, text } from '../../tools/schemas/fields.ts';

export const findOperations: ToolDefinition = {
  id: 'find_operations',
  title: 'Find operations',
  summary:
    'Find operations by words for the task; the best matches include their schema. Without arguments: all names.',
  effect: 'read',
  idempotent: true,
  params: {},
  input: z.strictObject({
    query: text.optional().describe('Words, or an exact name'),
    group: text.optional().describe('Such as accounts'),
    effect: z.enum(['read', 'create', 'change', 'destroy']).optional(),
    limit,
  }),
};

const describedInput = z.strictObject({
  operation: text.describe('Its name, such as accounts_get'),
  arguments: openObject.optional(),
});

/** Only `run_read` describes the arguments, to save tokens. */
const input = describedInput.extend({ operation: text });

export const runRead: ToolDefinition = {
  id: 'run_read',
  title: 'Run a reading operation',
  summary: 'Run an operation whose effect is read. Changes nothing.',
  effect: 'read',
  idempotent: true,
  params: {},
  input: describedInput.extend({
    operation: describedInput.shape.operation.optional(),
    calls: batchCalls
      .optional()
      .describe(
        'Up to 50 at once: {operation, arguments?, fields?}. Values of earlier answers: "$0.result.id", "$0.rows.*.id"',
      ),
    save_as: text.optional(),
  }),
};

export const runWrite: ToolDefinition = {
  id: 'run_write',
  title: 'Run a writing operation',
  summary: 'Run an operation whose effect is create or change.',
  effect: 'change',
  idempotent: false,
  params: {},
  input,
};

export const runDestroy: ToolDefinition = {
  id: 'run_destroy',
  title: 'Run a destroying operation',
  summary: 'Run an operation whose effect is destroy: it deletes, resets or revokes. Final.',
  effect: 'destroy',
  idempotent: false,
  params: {},
  input: input.extend({
    operation: text.optional(),
    calls: destroyingCalls.optional(),
  }),
};

/** The tools of the compact surface. */
export const dispatcherTools: readonly ToolDefinition[] = [findOperations, runRead, runWrite, runDestroy];

/** The tool that runs operations with an effect. */
export function dispatcherFor(effect: Effect): ToolDefinition {
  if (effect === 'read') return runRead;
  return effect === 'destroy' ? runDestroy : runWrite;
}
