import { CallError } from '../../errors.ts';
import { hashToken } from '../../lib/hash.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { ApiRequest, SynqlyClient } from '../../synqly/client.ts';
import type { ApiResponse } from '../../synqly/response.ts';
import { renderPath } from '../../synqly/url.ts';
import { endingBy } from './limit-lifetime.ts';
import { type Grant, type McpScope, maxMakers, readScope } from './mcp-token.ts';
import type { TokenStore } from './store.ts';

type Client = Pick<SynqlyClient, 'request'>;

/** MCP tokens live no longer than this (Management API, `POST /v1/tokens/mcp`). */
const maxLifeMs = 24 * 60 * 60_000;

/** Where MCP tokens are kept, and for which Synqly. */
export interface RecordOptions {
  readonly store: TokenStore;
  /** Base URL of the Synqly that the tokens are for. */
  readonly audience: string;
  readonly label: string;
  /** SHA-256 of the MCP token that the caller has come with, if it has: what is made with it ends with it. */
  readonly maker?: string;
}

/**
 * A client that keeps the hash of every MCP token made through it, so that a gateway knows its bearer. The account of a
 * scope is looked up before, and kept by its id: what is called so later may be another.
 */
export function recordIssuedTokens(client: Client, remembering: RecordOptions): Client {
  return {
    request: async (request, token, headers) => {
      if (request.method !== 'POST' || request.path !== '/v1/tokens/mcp') {
        return client.request(request, token, headers);
      }
      const { store } = remembering;
      await assertReachable(store);
      const maker = await findMaker(remembering);
      const scope = await resolveScope(client, request, token);
      // Synqly's own MCP servers know nothing of its maker.
      const bounded =
        maker && isJsonObject(request.body)
          ? { ...request, body: endingBy(request.body, Date.parse(maker.expires), Date.now()) }
          : request;
      const answer = await client.request(bounded, token, headers);
      const grant = grantOf(answer, scope, remembering, maker);
      if (grant === undefined) throw notKept(answer, 'Synqly answered without a token or its expiry.');
      await store.add(grant).catch((cause) => {
        throw notKept(answer, 'The token store could not be written.', cause);
      });
      return maker ? { ...answer, body: endingAt(answer.body, grant.expires) } : answer;
    },
  };
}

/** Asked before a token is made: one that nobody can log in with would live on at Synqly all the same. */
async function assertReachable(store: TokenStore): Promise<void> {
  await store.find(hashToken('')).catch((cause) => {
    throw new CallError('token_not_kept', 'The token store cannot be reached; no token was made.', {
      retry: 'safe',
      cause,
    });
  });
}

/** The grant of the token that another is made with. @throws CallError when there may be no further one */
async function findMaker({ store, maker: hash }: RecordOptions): Promise<Grant | undefined> {
  if (hash === undefined) return undefined;
  const maker = await store.find(hash);
  if (!maker) {
    throw new CallError('unauthorized', 'The MCP token that this one would be made with is revoked.', {
      remediation: 'Log in with another MCP token. No token was made.',
      retry: 'no',
    });
  }
  if ((maker.makers?.length ?? 0) < maxMakers) return maker;
  throw new CallError('forbidden', `MCP tokens are made one with another ${maxMakers} times at most.`, {
    remediation: 'Ask the administrator for a token (synqly-mcp token create). No token was made.',
    retry: 'no',
  });
}

/** What is told of the token: it opens this gateway no longer than its maker does. */
function endingAt(body: unknown, expires: string): unknown {
  if (!isJsonObject(body) || !isJsonObject(body.result)) return body;
  return { ...body, result: { ...body.result, expires } };
}

async function resolveScope(
  client: Client,
  request: ApiRequest,
  token: string | undefined,
): Promise<McpScope> {
  const { scope: given } = request.body as { scope: unknown };
  const scope = readScope(given);
  if (scope.account_id === undefined) return scope;
  const { signal, deadline } = request;
  const path = renderPath('/v1/accounts/{account_id}', { account_id: scope.account_id });
  const { body } = await client.request({ method: 'GET', path, repeatable: true, signal, deadline }, token);
  const account = isJsonObject(body) ? body.result : undefined;
  if (!isJsonObject(account) || typeof account.id !== 'string') {
    throw new CallError('invalid_response', 'Synqly answered without the account. No token was made.', {
      retry: 'safe',
    });
  }
  return { ...scope, account_id: account.id };
}

function grantOf(
  { body }: ApiResponse,
  scope: McpScope,
  { audience, label }: RecordOptions,
  maker: Grant | undefined,
): Grant | undefined {
  const token = isJsonObject(body) ? body.result : undefined;
  if (!isJsonObject(token) || typeof token.secret !== 'string' || token.secret === '') return undefined;
  const expires = Date.parse(String(token.expires));
  if (Number.isNaN(expires)) return undefined;
  const now = Date.now();
  return {
    hash: hashToken(token.secret),
    audience,
    scope,
    label,
    created: new Date(now).toISOString(),
    expires: new Date(
      Math.min(expires, now + maxLifeMs, maker ? Date.parse(maker.expires) : expires),
    ).toISOString(),
    ...(maker && { makers: [...(maker.makers ?? []), maker.hash] }),
  };
}

function notKept({ status, requestId }: ApiResponse, message: string, cause?: unknown): CallError {
  return new CallError('token_not_kept', message, { status, requestId, cause });
}
