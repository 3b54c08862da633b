/* Tokens: issuing and revoking them (behaviour.md, section 9). */
import { hour, readDuration } from '../duration.ts';
import type { Answer, Grant, Handlers, Resources, SandboxRequest, Stored } from '../model.ts';
import { isPermitted } from '../permissions.ts';
import { badRequest, forbidden, notFound } from '../problem.ts';
import { listPage } from '../query.ts';
import { isCoveredBy } from '../reach.ts';
import { integrationOf } from '../targets.ts';
import { grantsOfToken, lifetimes } from '../token-service.ts';
import { createAccount } from './accounts.ts';

interface NewToken {
  readonly name?: string;
  readonly fullname?: string;
  readonly resources: Resources;
  readonly permission_set: string;
  readonly token_ttl?: string;
}

interface McpScope {
  readonly type: 'management' | 'integration-usage' | 'developer';
  readonly environment?: string;
  readonly account_id?: string;
  readonly restrict_to_connector_operations?: readonly string[];
}

/** Handlers of the tokens group. */
export const tokensHandlers: Handlers = {
  tokens_create_token: createToken,
  tokens_create_mcp_token: createMcpToken,
  tokens_create_integration_token: createIntegrationToken,
  tokens_create_synqly_integrations_token: createSynqlyIntegrationsToken,
  tokens_list: (request) => {
    const { state } = request;
    const own = state.tokens.all().filter((token) => token.owner_id === state.organization.id);
    const body = listPage(
      own.map((token) => shown(request, token)),
      request,
    );
    return { status: 200, body };
  },
  tokens_get: (request) => ({ status: 200, body: { result: shown(request, tokenOf(request)) } }),
  tokens_delete: (request) => {
    const token = tokenOf(request);
    if (token.token_type !== 'adhoc') {
      throw badRequest(`Only ad hoc tokens can be deleted; this one is of type ${token.token_type}.`, {
        remediation: 'Reset the token to end its secrets, or log off to end a session.',
        resources: [{ type: 'token', id: token.id, rel: 'cause' }],
      });
    }
    refuseForeign(request, token);
    request.state.tokens.remove(token.id);
    return { status: 204 };
  },
  tokens_refresh: (request) => {
    const { caller, state } = request;
    const token = tokenOf(request);
    if (caller.withRefreshSecret && caller.tokenId !== token.id) {
      throw forbidden('A refresh secret refreshes its own token only.');
    }
    refuseForeign(request, token);
    return { status: 200, body: { result: state.tokens.rotate(token.id) } };
  },
  tokens_rotate: (request) => {
    const token = tokenOf(request, ownerOf(request));
    refuseForeign(request, token);
    return { status: 200, body: { result: request.state.tokens.rotate(token.id) } };
  },
  tokens_reset: (request) => {
    const token = tokenOf(request, ownerOf(request));
    refuseForeign(request, token);
    return { status: 200, body: { result: request.state.tokens.reset(token.id) } };
  },
  tokens_remove_secondary: (request) => {
    const token = tokenOf(request);
    refuseForeign(request, token);
    request.state.tokens.removeSecondary(token.id);
    return { status: 204 };
  },
};

function createToken(request: SandboxRequest): Answer {
  const { name, fullname, resources, permission_set, token_ttl } = request.body as NewToken;
  const rights: Grant = { permissionSet: permission_set, resources };
  refuseWider(request, rights);
  const token = request.state.tokens.issue({
    ...issuedBy(request),
    kind: 'organization',
    type: 'adhoc',
    name,
    fullname,
    ttl: readDuration(token_ttl, { pointer: '/token_ttl', fallback: '24h', min: '1s' }),
    lifetime: lifetimes.adhocObject,
    rights,
  });
  return { status: 200, body: { result: token } };
}

function createMcpToken(request: SandboxRequest): Answer {
  const { state } = request;
  const { token_ttl, scope } = request.body as { token_ttl?: string; scope: McpScope };
  const ttl = readDuration(token_ttl, { pointer: '/token_ttl', fallback: '1h', min: '1s', max: '24h' });
  const account = scope.account_id === undefined ? undefined : accountOf(request, scope.account_id);
  const environments = scope.environment === undefined ? {} : { environments: [scope.environment] };
  const rights: Grant = {
    permissionSet: mcpPermissionSets[scope.type],
    resources: { accounts: account ? { ids: [account.id] } : { ids: ['*'], ...environments } },
  };
  refuseWider(request, rights);
  const token = state.tokens.issue({
    ...issuedBy(request),
    kind: 'mcp',
    type: 'adhoc',
    ttl,
    lifetime: ttl,
    rights,
    claims: { scope: account ? { ...scope, account_id: account.id } : scope },
  });
  return { status: 200, body: { result: accessOf(token) } };
}

const mcpPermissionSets: Readonly<Record<McpScope['type'], string>> = {
  management: 'mcp-management',
  'integration-usage': 'mcp-integrations-use-only',
  developer: 'account-manager',
};

function createIntegrationToken(request: SandboxRequest): Answer {
  const { state } = request;
  const { integration } = integrationOf(request);
  const { name, token_ttl } = request.body as { name?: string; token_ttl?: string };
  const token = state.tokens.issue({
    ...issuedBy(request),
    owner: { id: integration.id, type: 'integration' },
    kind: 'integration',
    type: 'adhoc',
    name,
    ttl: readDuration(token_ttl, { pointer: '/token_ttl', fallback: '10m', min: '1s' }),
    lifetime: hour,
    rights: { permissionSet: 'mcp-integrations-use-only' },
  });
  state.usage.count(integration.id);
  return { status: 200, body: { result: accessOf(token) } };
}

function createSynqlyIntegrationsToken(request: SandboxRequest): Answer {
  const { state } = request;
  const { token_ttl } = request.body as { token_ttl?: string };
  const ttl = readDuration(token_ttl, { pointer: '/token_ttl', fallback: '24h', min: '1s' });
  const accounts = state.collections.account;
  const limitedTo = (id: string): Grant => ({
    permissionSet: 'account-manager',
    resources: { accounts: { ids: [id] } },
  });
  const known = accounts.find(synqlyAccount.name);
  refuseWider(request, limitedTo(known?.id ?? synqlyAccount.name));
  const account = known ?? accounts.add(createAccount(state, synqlyAccount));
  const token = state.tokens.issue({
    ...issuedBy(request),
    kind: 'organization',
    type: 'adhoc',
    ttl,
    lifetime: lifetimes.adhocObject,
    rights: limitedTo(account.id),
  });
  return { status: 200, body: { result: { account_id: account.id, token } } };
}

// Holds exports such as status events; created on first use.
const synqlyAccount = { name: 'synqly-integrations', fullname: 'Synqly integrations' };

function issuedBy({ caller, state }: SandboxRequest) {
  return {
    owner: { id: state.organization.id, type: 'organization' as const },
    parentId: caller.tokenId,
    ...(caller.memberId && { memberId: caller.memberId }),
  };
}

function accessOf(token: Stored): unknown {
  return (token.primary as { access: unknown }).access;
}

function refuseWider({ caller, state }: SandboxRequest, rights: Grant): void {
  if (isCoveredBy(rights, caller.grants, state)) return;
  throw forbidden('A token can only narrow the rights of the token that issues it.', {
    detail: 'The permission set or the resources asked for go beyond those of the calling token.',
    remediation: 'Ask for a permission set and resources that the calling token has itself.',
  });
}

function accountOf(request: SandboxRequest, idOrName: string): Stored {
  const account = request.state.collections.account.find(idOrName);
  if (account && request.reaches('account', account)) return account;
  throw badRequest(`There is no account "${idOrName}".`, {
    parameter: { id: '/scope/account_id', location: 'body', value: idOrName },
  });
}

// A restricted caller does not see tokens of integrations outside its resources.
function tokenOf(request: SandboxRequest, ownerId?: string): Stored {
  const { state, params } = request;
  const idOrName = params.refreshTokenId ?? '';
  const token = state.tokens.get(idOrName, ownerId);
  const integration = state.collections.integration.find(token.owner_id as string);
  if (integration && !request.reaches('integration', integration)) throw notFound('token', idOrName);
  return token;
}

function ownerOf({ state, params }: SandboxRequest): string {
  const idOrName = params.ownerId ?? '';
  const { organization, collections } = state;
  if (idOrName === organization.id || idOrName.toLowerCase() === organization.name.toLowerCase()) {
    return organization.id;
  }
  return collections.integration.get(idOrName).id;
}

// Otherwise a caller could gain permissions by renewing a token that has more.
function refuseForeign(request: SandboxRequest, token: Stored): void {
  if (isWithinPermissions(request, token)) return;
  throw forbidden('The token has more rights than the calling one.', {
    remediation: 'Use a token with at least the same rights.',
    resources: [{ type: 'token', id: token.id, rel: 'affected' }],
  });
}

function isWithinPermissions({ caller, state }: SandboxRequest, token: Stored): boolean {
  if (token.id === caller.tokenId || token.owner_type === 'integration') return true;
  return grantsOfToken(token, state).every((grant) => isCoveredBy(grant, caller.grants, state));
}

// It is not documented whether the real server blanks secrets here. A caller who may reset a token can learn its
// secrets anyway; one who may only read would gain permissions. The calling token's own secrets are shown.
function shown(request: SandboxRequest, token: Stored): Stored {
  if (token.id === request.caller.tokenId) return token;
  const mayReset = isPermitted(request.caller.grants, 'tokens_reset') && isWithinPermissions(request, token);
  return mayReset ? token : (withoutSecrets(token) as Stored);
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === 'secret' ? '' : withoutSecrets(inner)]),
  );
}
