import { type StopSignal, toAbortSignal } from '../lib/cancellation.ts';
import { isJsonObject } from '../lib/json.ts';
import { questionsSignal } from '../lib/shutdown.ts';
import { openSecretPage } from './prompt-page.ts';
import { referenceError } from './reference.ts';

/** A page that a person is description to open (MCP specification 2025-11-25, elicitation in URL mode). */
export interface PageRequest {
  readonly message: string;
  readonly url: string;
  readonly elicitationId: string;
}

/**
 * Asks the client to have a person open a local page.
 *
 * @returns the client's unvalidated answer: whether the person agreed
 * @throws when there is no answer in time
 */
export type OpenPage = (
  visit: PageRequest,
  limits: { readonly within: number; readonly signal: AbortSignal },
) => Promise<unknown>;

/** Milliseconds for a person to open the page and type the secret. */
const askTimeoutMs = 5 * 60_000;

/**
 * Asks a person for a secret on a local page (MCP specification 2025-11-25, elicitation in URL mode).
 *
 * @param description what the secret is for, in the caller's words
 * @throws CallError `secret_reference` when no secret is given, whatever the reason
 */
export async function promptForSecret(
  description: string,
  openPage: OpenPage | undefined,
  cancelled: StopSignal,
): Promise<string> {
  if (!openPage)
    throw referenceError(
      'This client does not support opening a page for a person (elicitation in URL mode).',
    );
  const page = await openSecretPage(description);
  const signal = AbortSignal.any([
    toAbortSignal(cancelled),
    questionsSignal(),
    AbortSignal.timeout(askTimeoutMs),
  ]);
  signal.addEventListener('abort', page.close, { once: true });
  try {
    const visit = {
      message:
        'A secret is needed for a call to Synqly. Open the page to type it; the assistant will not see it.',
      url: page.url,
      elicitationId: crypto.randomUUID(),
    };
    const answer = await openPage(visit, { within: askTimeoutMs, signal });
    if (!isJsonObject(answer) || answer.action !== 'accept') throw new Error('declined');
    return await page.typed;
  } catch {
    throw referenceError('The person gave no secret.');
  } finally {
    signal.removeEventListener('abort', page.close);
    page.close();
  }
}
