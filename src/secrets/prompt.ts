import { isJsonObject } from '../lib/json.ts';
import type { ClientPort } from '../mcp-client.ts';
import { untilQuestionsStop } from '../pipeline/execute/shutdown.ts';
import { openSecretPage } from './prompt-page.ts';
import { referenceError } from './reference.ts';

/** Milliseconds that a person has to open the page and type. */
const askWithin = 5 * 60_000;

/**
 * Has a person type a secret on a page of this machine (MCP specification 2025-11-25, elicitation in URL mode).
 *
 * @param asked what it is for, in the caller's words
 * @throws CallError `secret_reference` when there is no secret, whatever the cause
 */
export async function askForSecret(
  asked: string,
  client: ClientPort | undefined,
  cancelled: AbortSignal,
): Promise<string> {
  const { askToVisit } = client ?? {};
  if (!askToVisit)
    throw referenceError('This client cannot open a page for a person (elicitation in URL mode).');
  const page = await openSecretPage(asked);
  const signal = AbortSignal.any([cancelled, untilQuestionsStop(), AbortSignal.timeout(askWithin)]);
  signal.addEventListener('abort', page.close, { once: true });
  try {
    const visit = {
      message:
        'A secret is needed for a call to Synqly. Open the page to type it; the assistant will not see it.',
      url: page.url,
      elicitationId: crypto.randomUUID(),
    };
    const answer = await askToVisit(visit, { within: askWithin, signal });
    if (!isJsonObject(answer) || answer.action !== 'accept') throw new Error('declined');
    return await page.typed;
  } catch {
    throw referenceError('The person gave no secret.');
  } finally {
    signal.removeEventListener('abort', page.close);
    page.close();
  }
}
