import type { RequestContext } from '../../request-context.ts';
import { showsAuditBodies, withholdInAuditEntries } from '../../secrets/audited-calls.ts';
import { withholdDeclared } from '../../secrets/redact.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { isEcho } from '../../tools/response-secrets.ts';
import type { OperationCall } from '../call-state.ts';
import type { Sent } from '../execute/send.ts';
import { withoutLastingTokens } from './lasting-tokens.ts';

/** A response whose secrets are stored or withheld. */
export interface StoredResponse {
  /** The response of Synqly, with its secrets. */
  readonly response: Sent;
  /** The body without its secrets. */
  readonly body: unknown;
  /** For the result: the files that secrets were written to, by reference. */
  readonly files: { readonly secret_files?: Readonly<Record<string, string>> };
}

/**
 * Refuses a write that returns secrets when the store is full, since a stored secret would have to be dropped.
 *
 * @throws CallError `secret_refused`
 */
export function assertStoreHasCapacity({ effect, secrets: paths }: Operation, context: RequestContext): void {
  const { secrets, revealSecrets } = context;
  if (effect === 'read' || revealSecrets || !secrets.store || paths.every(isEcho)) return;
  secrets.assertRoom();
}

/**
 * Replaces the secrets of a response. If the context has a store, each is stored and replaced by a reference that later calls
 * can use; new secrets of a write are also saved to files. Otherwise they are withheld.
 */
export async function storeResponseSecrets(
  { operation, args, context }: OperationCall,
  response: Sent,
): Promise<StoredResponse> {
  const { secrets, revealSecrets, log } = context;
  const { body } = response;
  if (revealSecrets) return { response, body: withoutLastingTokens(operation, body, context), files: {} };
  if (showsAuditBodies(operation, args.fields))
    return { response, body: withholdInAuditEntries(body), files: {} };
  const references: string[] = [];
  const origin = operation.effect === 'read' ? 'read' : 'write';
  const replacement =
    secrets.store && ((secret: string) => addReference(references, secrets.store?.(secret, origin) ?? ''));
  const masked = withholdDeclared(operation, body, replacement);
  if (operation.effect === 'read' || references.length === 0) return { response, body: masked, files: {} };
  try {
    const paths = await secrets.save(references);
    return { response, body: masked, files: Object.keys(paths).length === 0 ? {} : { secret_files: paths } };
  } catch (err) {
    log.error(
      { err, tool: operation.id },
      'a secret could not be written to --secret-dir; its reference works',
    );
    return { response, body: masked, files: {} };
  }
}

function addReference(references: string[], reference: string): string {
  references.push(reference);
  return reference;
}
