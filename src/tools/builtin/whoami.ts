import * as z from 'zod';
import type { BuiltinTool } from '../define-tool.ts';

export const whoamiTool: BuiltinTool = {
  id: 'whoami',
  title: 'Show what this server may do',
  summary: 'Show what the token may do, and which tools are left out and why.',
  effect: 'read',
  idempotent: true,
  params: {},
  input: z.strictObject({}),
  run: ({ describeAccess }) => describeAccess(),
};
