/*
 * The account and the integration that a path names. What the caller's token does not reach is answered
 * like what does not exist.
 */
import type { SandboxRequest, Stored } from './model.ts';
import { notFound } from './problem.ts';

/** The account that `accountId` in the path names, by id or name. 404 when there is none within reach. */
export function accountOf(request: SandboxRequest): Stored {
  const idOrName = request.params.accountId ?? '';
  const account = request.state.collections.account.find(idOrName);
  if (!account || !request.reaches('account', account)) throw notFound('account', idOrName);
  return account;
}

/** The integration that `integrationId` in the path names, and its account. 404 when out of reach. */
export function integrationOf(request: SandboxRequest): { account: Stored; integration: Stored } {
  const account = accountOf(request);
  const idOrName = request.params.integrationId ?? '';
  const integration = request.state.collections.integration.find(idOrName, account.id);
  if (!integration || !request.reaches('integration', integration)) throw notFound('integration', idOrName);
  return { account, integration };
}

/** The integrations within the caller's reach. */
export function reachableIntegrations(request: SandboxRequest, accountId?: string): Stored[] {
  const { account, integration } = request.state.collections;
  return integration.all(accountId).filter((one) => {
    const owner = account.find(one.account_id as string);
    return owner !== undefined && request.reaches('account', owner) && request.reaches('integration', one);
  });
}
