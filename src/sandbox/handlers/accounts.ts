/* Accounts. Deleting one also deletes its integrations, bridges, credentials and tokens. */
import { removeCredentialsOf } from '../credential-store.ts';
import type { Answer, Handlers, SandboxRequest, SandboxState, Stored } from '../model.ts';
import { forbidden } from '../problem.ts';
import { listPage } from '../query.ts';
import { accountOf } from '../targets.ts';
import { applyPatch, replaceWhole } from '../write.ts';
import { removeIntegration } from './integrations.ts';

interface NewAccount {
  readonly name?: string;
  readonly fullname?: string;
  readonly environment?: string;
  readonly labels?: readonly string[];
}

/** Handlers of the accounts group. */
export const accountsHandlers: Handlers = {
  accounts_list: (request) => {
    const accounts = request.state.collections.account.all();
    const reached = accounts.filter((account) => request.reaches('account', account));
    return { status: 200, body: listPage(reached, request, { allowTotal: true }) };
  },
  accounts_create: (request) => {
    const { state } = request;
    const account = createAccount(state, request.body as NewAccount);
    refuseUnreached(request, account);
    return { status: 200, body: { result: { account: state.collections.account.add(account) } } };
  },
  accounts_get: (request) => ({ status: 200, body: { result: accountOf(request) } }),
  accounts_update: (request) =>
    change(request, replaceWhole(accountOf(request), request.body, writing(request))),
  accounts_patch: (request) =>
    change(request, applyPatch(accountOf(request), request.body, writing(request))),
  accounts_delete: (request) => {
    removeAccount(request.state, accountOf(request));
    return { status: 204 };
  },
};

/** A new account, not yet in its collection. */
export function createAccount(state: SandboxState, given: NewAccount): Stored {
  return {
    ...state.newNamed(given),
    organization_id: state.organization.id,
    environment: given.environment ?? 'prod',
    ...(given.labels && { labels: given.labels }),
  };
}

function removeAccount(state: SandboxState, account: Stored): void {
  const { integration: integrations, bridge: bridges, account: accounts } = state.collections;
  for (const integration of integrations.all(account.id)) removeIntegration(state, integration);
  for (const bridge of bridges.all(account.id)) bridges.remove(bridge.id);
  removeCredentialsOf(state, account.id);
  state.tokens.removeOf(account.id);
  accounts.remove(account.id);
}

function writing({ state }: SandboxRequest) {
  return { state, validateAs: 'UpdateAccountRequest' };
}

function change(request: SandboxRequest, wanted: Stored): Answer {
  refuseUnreached(request, wanted);
  return { status: 200, body: { result: request.state.collections.account.replace(wanted) } };
}

// A token limited to some accounts can neither create other accounts nor turn one account into another.
function refuseUnreached(request: SandboxRequest, account: Stored): void {
  if (request.reaches('account', account)) return;
  throw forbidden('The token does not cover such an account.', {
    detail: 'The token is limited to certain accounts, labels or environments.',
    remediation: 'Stay within the limits of the token, or use a token without them.',
  });
}
