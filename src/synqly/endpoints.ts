import { CallError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import type { ApiRequest } from './client.ts';
import type { ApiResponse } from './response.ts';
import { renderPath } from './url.ts';

/*
 * The requests that this server makes on its own, beside the calls of operations: to check a token, to learn what it
 * may do, to prove what is inside the pins. No other file but the catalogue of operations names a path of the API.
 */

/** A request before its sender adds the token and the limits. */
export type EndpointRequest = Pick<ApiRequest, 'method' | 'path' | 'repeatable'> &
  Pick<Partial<ApiRequest>, 'query' | 'body'>;

/** Sends a request with a token and within limits. @throws CallError */
export type Send = (request: EndpointRequest) => Promise<ApiResponse>;

type Query = NonNullable<ApiRequest['query']>;

/** The `result` of a body, in which the API wraps nearly all that it answers; undefined where there is none. */
export function resultOf(body: unknown): unknown {
  return isJsonObject(body) ? body.result : undefined;
}

/** The rows of a list's body; undefined where it holds no list. */
export function rowsOf(body: unknown): readonly unknown[] | undefined {
  const result = resultOf(body);
  return Array.isArray(result) ? result : undefined;
}

/** How many rows a list has in all, where the API has counted them. */
export function totalOf(body: unknown): number | undefined {
  return isJsonObject(body) && typeof body.total === 'number' ? body.total : undefined;
}

async function getObject(
  send: Send,
  template: string,
  params: Readonly<Record<string, string>> = {},
): Promise<JsonObject | undefined> {
  const { body } = await send({ method: 'GET', path: renderPath(template, params), repeatable: true });
  const result = resultOf(body);
  return isJsonObject(result) ? result : undefined;
}

async function getRows(
  send: Send,
  template: string,
  query: Query,
  params: Readonly<Record<string, string>> = {},
): Promise<readonly unknown[] | undefined> {
  const { body } = await send({ method: 'GET', path: renderPath(template, params), query, repeatable: true });
  return rowsOf(body);
}

/*
 * Each `get` gives the object, and undefined where the answer holds none; each `list` gives the rows of one page, and
 * undefined where the answer holds no list. Both throw CallError for any status but success.
 */

export function getOrganization(send: Send): Promise<JsonObject | undefined> {
  return getObject(send, '/v1/organization');
}

/** @param argument what the caller calls the id, for an error that names it */
export function getAccount(
  send: Send,
  idOrName: string,
  argument = 'account_id',
): Promise<JsonObject | undefined> {
  return getObject(send, `/v1/accounts/{${argument}}`, { [argument]: idOrName });
}

export function listAccounts(send: Send, query: Query): Promise<readonly unknown[] | undefined> {
  return getRows(send, '/v1/accounts', query);
}

export function getIntegration(
  send: Send,
  accountId: string,
  idOrName: string,
): Promise<JsonObject | undefined> {
  const params = { account_id: accountId, integration_id: idOrName };
  return getObject(send, '/v1/integrations/{account_id}/{integration_id}', params);
}

/** The integrations of all accounts. */
export function listIntegrations(send: Send, query: Query): Promise<readonly unknown[] | undefined> {
  return getRows(send, '/v1/integrations', query);
}

export function listBridges(
  send: Send,
  accountId: string,
  query: Query,
): Promise<readonly unknown[] | undefined> {
  return getRows(send, '/v1/bridges/{account_id}', query, { account_id: accountId });
}

/** @param ownerId the account, integration, integration point or webhook that the credential belongs to */
export function getCredential(
  send: Send,
  ownerId: string,
  idOrName: string,
): Promise<JsonObject | undefined> {
  const params = { owner_id: ownerId, credential_id: idOrName };
  return getObject(send, '/v1/credentials/{owner_id}/{credential_id}', params);
}

/** A token object without its secrets. */
export function getTokenInfo(send: Send, idOrName: string): Promise<JsonObject | undefined> {
  return getObject(send, '/v1/tokens/{refresh_token_id}/info', { refresh_token_id: idOrName });
}

/** The token objects of the owner of the token that it is sent with, secrets included. */
export function listTokens(send: Send, query: Query): Promise<readonly unknown[] | undefined> {
  return getRows(send, '/v1/tokens', query);
}

export function getRole(send: Send, idOrName: string): Promise<JsonObject | undefined> {
  return getObject(send, '/v1/roles/{role_id}', { role_id: idOrName });
}

export function getPermissionSet(send: Send, name: string): Promise<JsonObject | undefined> {
  return getObject(send, '/v1/permissionsets/{permissionset_id}', { permissionset_id: name });
}

const mcpTokens = '/v1/tokens/mcp';

/** What an MCP token is made for. */
export interface McpTokenOrder {
  readonly token_ttl: string;
  readonly scope: Readonly<Record<string, unknown>>;
}

/** Makes an MCP token and gives its secret. @throws CallError also when the answer holds none */
export async function createMcpToken(send: Send, body: McpTokenOrder): Promise<string> {
  const answer = await send({ method: 'POST', path: mcpTokens, body, repeatable: false });
  const token = resultOf(answer.body);
  if (isJsonObject(token) && typeof token.secret === 'string') return token.secret;
  const { status, requestId } = answer;
  throw new CallError('invalid_response', 'Synqly answered without the token.', { status, requestId });
}

/** Whether a request makes an MCP token. */
export function createsMcpToken({ method, path }: Pick<ApiRequest, 'method' | 'path'>): boolean {
  return method === 'POST' && path === mcpTokens;
}
