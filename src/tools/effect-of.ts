import type { Effect } from './define-operation.ts';
import { effects, workflowReads } from './published.ts';

/** Whether a tool is a workflow. */
export function isWorkflow(name: string): boolean {
  return Object.hasOwn(workflowReads, name);
}

/** The effect of an operation or a workflow; undefined for another tool. */
export function effectOf(name: string): Effect | undefined {
  if (isWorkflow(name)) return 'read';
  return Object.hasOwn(effects, name) ? effects[name] : undefined;
}
