import * as z from 'zod';
import { CallError } from '../../errors.ts';
import { findOperation } from '../catalogue.ts';
import type { BuiltinTool } from '../define-tool.ts';
import { text } from '../schemas/fields.ts';

export const confirmCallTool: BuiltinTool = {
  id: 'confirm_call',
  title: 'Carry out a confirmed call',
  summary:
    'Carry out, once, a call that returned confirmation_required. Only after the person has seen its preview and agreed.',
  effect: 'destroy',
  idempotent: false,
  params: {},
  input: z.strictObject({ id: text.describe('From the confirmation') }),
  run: async ({ args, takePending, putBackPending, runOperation, carryOut }) => {
    const id = String(args.id);
    const confirmed = takePending(id);
    if (confirmed && 'calls' in confirmed) return carryOut(confirmed.calls);
    const operation = confirmed && findOperation(confirmed.operationId);
    if (!operation) throw new CallError('confirmation_unknown', 'No call waits for this confirmation.');
    const result = await runOperation(operation, confirmed.args, { confirmed });
    // Nothing was sent: confirm_call is repeated when the person has typed the secret.
    if (result.inputRequired || result.error?.code === 'secret_required') putBackPending(id, confirmed);
    return result;
  },
};
