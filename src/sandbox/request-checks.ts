/*
 * Checks before a request reaches its handler, in this order: token, organization state, token kind, permission,
 * query and body, and the account and integration it names.
 */
import { type OperationFact, type ParameterFact, resolveSchema, type Schema } from './facts.ts';
import type { Caller, Grant, SandboxRequest, SandboxState, Stored } from './model.ts';
import { allows, isPermitted } from './permissions.ts';
import {
  badRequest,
  forbidden,
  notFound,
  paymentRequired,
  unauthorized,
  unsupportedMediaType,
} from './problem.ts';
import { covers } from './reach.ts';
import { findIssues } from './schemas.ts';
import { invalidBody } from './write.ts';

/** A raw request of a known operation. */
export interface Incoming {
  readonly fact: OperationFact;
  /** Path parameters, percent-decoded once. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly contentType: string | undefined;
  /** The raw body; empty if there is none. */
  readonly body: string;
}

/** The caller and the state of its organization; a sub-organization has its own. */
export interface Identity {
  readonly state: SandboxState;
  readonly caller: Caller;
}

/** Authenticates the caller. 401 without a valid token, 402 if the organization is disabled. */
export function identify(root: SandboxState, authorization: string | undefined): Identity {
  if (!authorization) throw unauthorized('The request carries no token.');
  const [, secret] = /^Bearer +([^\s]+)$/i.exec(authorization) ?? [];
  if (!secret) throw unauthorized('The Authorization header is not of the form `Bearer <token>`.');
  const found = lookUp(root, secret);
  if (!found) throw unauthorized('The token is not valid.', { detail: 'It is unknown, or was revoked.' });
  const { state, caller, expired } = found;
  if (expired) {
    throw unauthorized('The token has expired.', {
      type: 'token-expired',
      remediation: 'Refresh it with its refresh secret, or issue a new one.',
    });
  }
  refuseClosed(state);
  refuseMember(state, caller);
  return { state, caller };
}

function lookUp(state: SandboxState, secret: string): (Identity & { expired: boolean }) | undefined {
  const known = state.tokens.identify(secret);
  if (known) return { state, ...known };
  for (const sub of state.subStates.values()) {
    const found = lookUp(sub, secret);
    if (found) return found;
  }
  return undefined;
}

function refuseClosed(state: SandboxState): void {
  const { state: standing, end_date: endDate } = state.organization;
  const ended = typeof endDate === 'string' && state.now() > Date.parse(`${endDate}T23:59:59.999Z`);
  if (standing === 'disabled' || (standing === 'plg' && ended)) throw paymentRequired();
}

function refuseMember(state: SandboxState, caller: Caller): void {
  if (!caller.memberId) return;
  const member = state.collections.member.find(caller.memberId);
  if (member && member.state !== 'enabled') throw unauthorized(`The token's member is ${member.state}.`);
}

/** Checks the caller's permission: 403, or 401 for a refresh secret where it is not accepted. */
export function authorize(operationId: string, caller: Caller): void {
  if (caller.kind === 'integration') {
    throw forbidden('An integration token does not open the Management API.', {
      detail: 'Integration tokens are for the Connector APIs only.',
      remediation: 'Use an organization token.',
    });
  }
  if (caller.kind === 'mcp') {
    throw forbidden('An MCP token does not open the Management API.', {
      detail: 'MCP tokens authenticate to MCP servers only.',
      remediation: 'Use an organization token.',
    });
  }
  if (caller.withRefreshSecret) {
    if (operationId === 'tokens_refresh') return;
    throw unauthorized('A refresh secret opens nothing but the refresh of its token.', {
      remediation: 'Send the access secret of the pair.',
    });
  }
  if (!isPermitted(caller.grants, operationId)) {
    const sets = caller.grants.map((grant) => grant.permissionSet).join(', ') || 'none';
    throw forbidden('The token does not permit this operation.', {
      detail: `${operationId} is not among the actions of the token's permission sets: ${sets}.`,
      remediation: 'Use a token with a permission set that allows it.',
    });
  }
}

/** Creates the handler's request. 400, 404 or 415 for invalid parameters, query or body. */
export function checkRequest(incoming: Incoming, { state, caller }: Identity): SandboxRequest {
  const { fact, params } = incoming;
  for (const [name, value] of Object.entries(params)) {
    if (value === '') throw notFound('resource', '', { parameter: { id: name, location: 'path', value } });
  }
  const grants = caller.grants.filter((grant) => allows(grant.permissionSet, fact.operationId));
  const query = readQuery(fact.parameters, incoming.query);
  const body = fact.bodySchema ? readBody(fact.bodySchema, incoming) : undefined;
  refuseOutOfReach(params, grants, state);
  return {
    operationId: fact.operationId,
    state,
    caller,
    params,
    query,
    body,
    reaches: (kind, object) => covers(grants, kind, object, state),
  };
}

function refuseOutOfReach(params: Incoming['params'], grants: readonly Grant[], state: SandboxState): void {
  const { accountId, integrationId } = params;
  if (accountId === undefined) return;
  const { account: accounts, integration: integrations } = state.collections;
  const account = accounts.find(accountId);
  if (account && !covers(grants, 'account', account, state)) throw notFound('account', accountId);
  const integration = account && integrationId !== undefined && integrations.find(integrationId, account.id);
  if (integration && !covers(grants, 'integration', integration as Stored, state)) {
    throw notFound('integration', integrationId);
  }
}

function readQuery(documented: readonly ParameterFact[], given: URLSearchParams): SandboxRequest['query'] {
  const query: Record<string, readonly string[]> = {};
  for (const fact of documented) {
    if (fact.in !== 'query') continue;
    const values = given.getAll(fact.name);
    if (values.length === 0) continue;
    const schema = resolveSchema(fact.schema);
    const [issue] = findIssues(schema, schema.type === 'array' ? values : toScalar(schema, values));
    if (issue) {
      throw badRequest(`The query parameter ${fact.name} ${issue.message}.`, {
        parameter: { id: fact.name, location: 'query', value: values.join(',') },
      });
    }
    query[fact.name] = values;
  }
  return query;
}

// A repeated scalar stays an array, which its schema then rejects.
function toScalar(schema: Schema, values: readonly string[]): unknown {
  const [text = ''] = values;
  if (values.length > 1) return values;
  if (schema.type === 'integer' && /^-?\d+$/.test(text)) return Number(text);
  if (schema.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function readBody(schema: Schema, { contentType, body }: Incoming): unknown {
  if (body === '') throw badRequest('The request has no body.', { parameter: { id: '', location: 'body' } });
  if (!/^application\/json\s*(?:;|$)/i.test(contentType ?? '')) throw unsupportedMediaType(contentType);
  const value = parseJson(body);
  const issues = findIssues(schema, value);
  if (issues.length > 0) throw invalidBody(issues);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest('The request body is not JSON.', {
      detail: error instanceof Error ? error.message : String(error),
      parameter: { id: '', location: 'body' },
    });
  }
}
