import { type StopSignal, toAbortSignal } from '../lib/cancellation.ts';
import { isJsonObject } from '../lib/json.ts';
import { questionsSignal } from '../lib/shutdown.ts';
import { openSite, pageLifetimeMs, type SecretPurpose } from './prompt-page.ts';
import { noSecretGiven, pageMessage, referenceError } from './reference.ts';

/** A page that a person is asked to open (MCP specification 2025-11-25, elicitation in URL mode). */
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

/**
 * Asks a person for a secret on a local page (MCP specification 2025-11-25, elicitation in URL mode).
 *
 * @throws CallError `secret_reference` when no secret is given, whatever the reason
 */
export async function promptForSecret(
  purpose: SecretPurpose,
  openPage: OpenPage,
  cancelled: StopSignal,
): Promise<string> {
  const signal = AbortSignal.any([
    toAbortSignal(cancelled),
    questionsSignal(),
    AbortSignal.timeout(pageLifetimeMs),
  ]);
  try {
    const page = (await openSite()).openPage(purpose);
    if (signal.aborted) page.close();
    signal.addEventListener('abort', page.close, { once: true });
    try {
      const visit = { message: pageMessage, url: page.url, elicitationId: crypto.randomUUID() };
      const answer = await openPage(visit, { within: pageLifetimeMs, signal });
      if (!isJsonObject(answer) || answer.action !== 'accept') throw new Error('declined');
      return await page.typed;
    } finally {
      signal.removeEventListener('abort', page.close);
      page.close();
    }
  } catch {
    throw referenceError(noSecretGiven);
  }
}
