import { CallError } from '../../errors.ts';
import { readMoreTool } from '../../tools/builtin/read-more.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { OperationCall } from '../call-state.ts';
import { withSaveAs } from '../output/save-as-argument.ts';
import { assertFileName } from '../output/save-rows.ts';
import { visibleOperation } from '../pins/enforce.ts';
import { findSecrets } from '../secrets/find.ts';
import { assertGeneratedUsable } from '../secrets/generated.ts';
import { assertPatchKeepsSecrets } from '../secrets/patch-guard.ts';
import { assertNoSecretQueried } from '../secrets/query-guard.ts';
import { findReferences } from '../secrets/resolve.ts';
import { assertListSyntax } from './list-syntax.ts';
import { parseArguments } from './parse.ts';

/**
 * Parses the arguments of a call against what its caller may give, and finds the references and secrets among them.
 *
 * @param options `acceptsPinned`: whether arguments that pins fill in may be given
 * @throws CallError `invalid_arguments`, `secret_reference`, `secret_refused` or `outside_pin`
 */
export function checkArguments(
  call: OperationCall,
  { acceptsPinned = false }: { readonly acceptsPinned?: boolean } = {},
): void {
  const { operation, tool, context } = call;
  const visible = visibleOperation(context.pins, operation);
  if (tool === readMoreTool) assertReads(operation);
  const args = parseArguments(withSaveAs(acceptsPinned ? operation : visible, context), call.raw);
  call.args = args;
  if (args.save_as !== undefined) assertFileName(args.save_as, context);
  assertNoSecretQueried(operation, args);
  assertListSyntax(operation, args);
  call.references = findReferences(operation, args);
  assertGeneratedUsable(call);
  call.secrets.push(...findSecrets(operation, args));
  if (!context.revealSecrets) assertPatchKeepsSecrets(operation, args);
}

/** `read_more` calls the operation again, so it takes only reads. */
function assertReads({ effect }: Operation): void {
  if (effect === 'read') return;
  throw new CallError(
    'invalid_arguments',
    `${readMoreTool.id} repeats the call, so it takes only operations that read.`,
    {
      arguments: [{ argument: 'tool', problem: 'is not an operation that reads' }],
      remediation: 'Get the object with its get tool. Nothing was sent.',
    },
  );
}
