/*
 * The account and integration of a path. Objects outside the token's resources are answered like ones that do not
 * exist.
 */
import type { SandboxRequest, Stored } from './model.ts';
import { notFound } from './problem.ts';

/** Finds the account of `accountId` in the path, by id or name. 404 if there is none that the caller can see. */
export function accountOf(request: SandboxRequest): Stored {
  const idOrName = request.params.accountId ?? '';
  const account = request.state.collections.account.find(idOrName);
  if (!account || !request.reaches('account', account)) throw notFound('account', idOrName);
  return account;
}

/** Finds the integration of `integrationId` in the path, and its account. 404 if the caller cannot see it. */
export function integrationOf(request: SandboxRequest): { account: Stored; integration: Stored } {
  const account = accountOf(request);
  const idOrName = request.params.integrationId ?? '';
  const integration = request.state.collections.integration.find(idOrName, account.id);
  if (!integration || !request.reaches('integration', integration)) throw notFound('integration', idOrName);
  return { account, integration };
}

/** The integrations that the caller can see. */
export function reachableIntegrations(request: SandboxRequest, accountId?: string): Stored[] {
  const { account, integration } = request.state.collections;
  return integration.all(accountId).filter((one) => {
    const owner = account.find(one.account_id as string);
    return owner !== undefined && request.reaches('account', owner) && request.reaches('integration', one);
  });
}
