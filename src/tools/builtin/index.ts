import type { BuiltinTool } from '../define-tool.ts';
import { confirmCallTool } from './confirm-call.ts';
import { confirmCallsTool } from './confirm-calls.ts';
import { previewCallTool } from './preview-call.ts';
import { readBatchTool } from './read-batch.ts';
import { readMoreTool } from './read-more.ts';
import { whoamiTool } from './whoami.ts';

/** All built-in tools. */
export const builtinTools: readonly BuiltinTool[] = [
  confirmCallTool,
  confirmCallsTool,
  previewCallTool,
  readBatchTool,
  readMoreTool,
  whoamiTool,
];
