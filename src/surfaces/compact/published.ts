import type { Effect } from '../../tools/define-operation.ts';
import { type Tool, toTool } from '../../tools/tool.ts';
import { dispatcherFor, dispatcherTools } from './definitions.ts';

/** The tool that runs operations where they are none themselves, by their effect. */
export const dispatcherNames: Readonly<Record<Effect, string>> = {
  read: dispatcherFor('read').id,
  create: dispatcherFor('create').id,
  change: dispatcherFor('change').id,
  destroy: dispatcherFor('destroy').id,
};

/** The tools that find and run operations, where these are not tools themselves. */
export const publishedDispatchers: readonly Tool[] = dispatcherTools.map(toTool);
