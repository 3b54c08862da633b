import type { Effect } from '../../tools/define-operation.ts';
import { type Tool, toTool } from '../../tools/tool.ts';
import { dispatcherFor, dispatcherTools } from './definitions.ts';

/** The name of the tool that runs operations with each effect. */
export const dispatcherNames: Readonly<Record<Effect, string>> = {
  read: dispatcherFor('read').id,
  create: dispatcherFor('create').id,
  change: dispatcherFor('change').id,
  destroy: dispatcherFor('destroy').id,
};

/** The tools that find and run operations on the compact surface. */
export const publishedDispatchers: readonly Tool[] = dispatcherTools.map(toTool);
