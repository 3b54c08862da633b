import { type StopSignal, toAbortSignal } from '../lib/cancellation.ts';
import { isJsonObject } from '../lib/json.ts';
import { questionsSignal } from '../lib/shutdown.ts';
import { openSecretPage } from './prompt-page.ts';
import { referenceError } from './reference.ts';

/** A page for a person to open (MCP specification 2025-11-25, elicitation in URL mode). */
export interface PageRequest {
  readonly message: string;
  readonly url: string;
  readonly elicitationId: string;
}

/**
 * Has the client's person open a page of this machine.
 *
 * @returns the client's answer, unchecked: whether the person agreed to open it
 * @throws when there is no answer within so many milliseconds
 */
export type OpenPage = (
  visit: PageRequest,
  limits: { readonly within: number; readonly signal: AbortSignal },
) => Promise<unknown>;

/** Milliseconds that a person has to open the page and type. */
const askTimeoutMs = 5 * 60_000;

/**
 * Has a person type a secret on a page of this machine (MCP specification 2025-11-25, elicitation in URL mode).
 *
 * @param asked what it is for, in the caller's words
 * @throws CallError `secret_reference` when there is no secret, whatever the cause
 */
export async function promptForSecret(
  asked: string,
  openPage: OpenPage | undefined,
  cancelled: StopSignal,
): Promise<string> {
  if (!openPage)
    throw referenceError('This client cannot open a page for a person (elicitation in URL mode).');
  const page = await openSecretPage(asked);
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
