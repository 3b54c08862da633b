import type { RequestContext } from '../../request-context.ts';
import { withholdDeclared } from '../../secrets/redact.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { isEcho } from '../../tools/response-secrets.ts';
import type { OperationCall } from '../call-state.ts';
import type { Sent } from '../execute/send.ts';
import { withoutLastingTokens } from './lasting-tokens.ts';

/** A response whose secrets are stored or withheld. */
export interface StoredResponse {
  /** As Synqly sent it, secrets included. */
  readonly response: Sent;
  /** The body without its secrets. */
  readonly body: unknown;
  /** For the result: where secrets were written for people, by the references that stand in their places. */
  readonly files: { readonly secret_files?: Readonly<Record<string, string>> };
}

/**
 * Refuses a write whose answer gives secrets where no more can be remembered: one of those that are would have to go.
 *
 * @throws CallError `secret_refused`
 */
export function assertStoreHasRoom({ effect, secrets: paths }: Operation, context: RequestContext): void {
  const { secrets, revealSecrets } = context;
  if (effect === 'read' || revealSecrets || !secrets.store || paths.every(isEcho)) return;
  secrets.assertRoom();
}

/**
 * An answer's body without its secrets. Where the context can, they are put away: a reference stands in the place of
 * each, for later calls, and those that a write has made lie in files, too.
 */
export async function storeResponseSecrets(
  { operation, context }: OperationCall,
  response: Sent,
): Promise<StoredResponse> {
  const { secrets, revealSecrets, log } = context;
  const { body } = response;
  if (revealSecrets) return { response, body: withoutLastingTokens(operation, body, context), files: {} };
  const references: string[] = [];
  const origin = operation.effect === 'read' ? 'read' : 'write';
  const replacement =
    secrets.store && ((secret: string) => addReference(references, secrets.store?.(secret, origin) ?? ''));
  const freed = withholdDeclared(operation, body, replacement);
  if (operation.effect === 'read' || references.length === 0) return { response, body: freed, files: {} };
  try {
    const paths = await secrets.save(references);
    return { response, body: freed, files: Object.keys(paths).length === 0 ? {} : { secret_files: paths } };
  } catch (err) {
    log.error(
      { err, tool: operation.id },
      'a secret could not be written to --secret-dir; its reference works',
    );
    return { response, body: freed, files: {} };
  }
}

function addReference(references: string[], reference: string): string {
  references.push(reference);
  return reference;
}
