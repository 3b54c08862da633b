import type { Session } from '../../request-context.ts';
import { withholdDeclared } from '../../secrets/redact.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { isEcho } from '../../tools/response-secrets.ts';
import { withoutLastingTokens } from './lasting-tokens.ts';

interface Freed {
  readonly body: unknown;
  /** For the result: where secrets were written for people, by the references that stand in their places. */
  readonly files: { readonly secret_files?: Readonly<Record<string, string>> };
}

/**
 * Refuses a write whose answer gives secrets where no more can be remembered: one of those that are would have to go.
 *
 * @throws CallError `secret_refused`
 */
export function assertRoomForSecrets({ effect, secrets: paths }: Operation, session: Session): void {
  const { secrets, revealSecrets } = session;
  if (effect === 'read' || revealSecrets || !secrets.keep || paths.every(isEcho)) return;
  secrets.assertRoom();
}

/**
 * An answer's body without its secrets. Where the session can, they are put away: a reference stands in the place of
 * each, for later calls, and those that a write has made lie in files, too.
 */
export async function putAway(operation: Operation, body: unknown, session: Session): Promise<Freed> {
  const { secrets, revealSecrets, log } = session;
  if (revealSecrets) return { body: withoutLastingTokens(operation, body, session), files: {} };
  const references: string[] = [];
  const origin = operation.effect === 'read' ? 'read' : 'write';
  const standIn =
    secrets.keep && ((secret: string) => note(references, secrets.keep?.(secret, origin) ?? ''));
  const freed = withholdDeclared(operation, body, standIn);
  if (operation.effect === 'read' || references.length === 0) return { body: freed, files: {} };
  try {
    const paths = await secrets.save(references);
    return { body: freed, files: Object.keys(paths).length === 0 ? {} : { secret_files: paths } };
  } catch (err) {
    log.error(
      { err, tool: operation.id },
      'a secret could not be written to --secret-dir; its reference works',
    );
    return { body: freed, files: {} };
  }
}

function note(references: string[], reference: string): string {
  references.push(reference);
  return reference;
}
