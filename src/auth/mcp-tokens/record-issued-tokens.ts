import { CallError } from '../../errors.ts';
import { hashToken } from '../../lib/hash.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { ApiRequest, SynqlyClient } from '../../synqly/client.ts';
import { createsMcpToken, getAccount, resultOf } from '../../synqly/endpoints.ts';
import type { ApiResponse } from '../../synqly/response.ts';
import { limitLifetime } from './limit-lifetime.ts';
import { type Grant, type McpScope, maxMakers, readScope } from './mcp-token.ts';
import type { TokenStore } from './store.ts';

type Client = Pick<SynqlyClient, 'request'>;

/** Maximum lifetime of MCP tokens (Management API, `POST /v1/tokens/mcp`). */
const maxLifeMs = 24 * 60 * 60_000;

/** Where issued MCP tokens are recorded, and for which Synqly API. */
export interface RecordOptions {
  readonly store: TokenStore;
  /** Base URL of the Synqly API that the tokens are for. */
  readonly audience: string;
  readonly label: string;
  /** SHA-256 of the caller's own MCP token, if it used one: tokens that it creates end with it. */
  readonly maker?: string;
}

/**
 * Wraps a client to record the hash of every MCP token created through it, so that a gateway accepts the token. The
 * account in a scope is resolved first and recorded by id: later, its name may refer to another account.
 */
export function recordIssuedTokens(client: Client, options: RecordOptions): Client {
  return {
    request: async (request, token, headers) => {
      if (!createsMcpToken(request)) {
        return client.request(request, token, headers);
      }
      const { store } = options;
      await assertReachable(store);
      const maker = await findMaker(options);
      const scope = await resolveScope(client, request, token);
      // Synqly's own MCP servers do not check the maker.
      const bounded =
        maker && isJsonObject(request.body)
          ? { ...request, body: limitLifetime(request.body, Date.parse(maker.expires), Date.now()) }
          : request;
      const answer = await client.request(bounded, token, headers);
      const grant = grantOf(answer, scope, options, maker);
      if (grant === undefined) throw notRecorded(answer, 'Synqly answered without a token or its expiry.');
      await store.add(grant).catch((cause) => {
        throw notRecorded(answer, 'The token store could not be written.', cause);
      });
      return maker ? { ...answer, body: withExpiry(answer.body, grant.expires) } : answer;
    },
  };
}

/** Checked before a token is created: an unrecorded one would be useless here but valid at Synqly. */
async function assertReachable(store: TokenStore): Promise<void> {
  await store.find(hashToken('')).catch((cause) => {
    throw new CallError('token_not_kept', 'The token store cannot be reached; no token was created.', {
      retry: 'safe',
      cause,
    });
  });
}

/** The grant of the token that creates another one. @throws CallError when it may not */
async function findMaker({ store, maker: hash }: RecordOptions): Promise<Grant | undefined> {
  if (hash === undefined) return undefined;
  const maker = await store.find(hash);
  if (!maker) {
    throw new CallError('unauthorized', 'The MCP token of this caller is revoked.', {
      remediation: 'Use another MCP token. No token was created.',
      retry: 'no',
    });
  }
  if ((maker.makers?.length ?? 0) < maxMakers) return maker;
  throw new CallError(
    'forbidden',
    `MCP tokens can create further MCP tokens up to ${maxMakers} levels deep.`,
    {
      remediation: 'Ask the administrator for a token (synqly-mcp token create). No token was created.',
      retry: 'no',
    },
  );
}

/** Sets the expiry in the response: the token works on this gateway no longer than its maker does. */
function withExpiry(body: unknown, expires: string): unknown {
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
  const account = await getAccount(
    (get) => client.request({ ...get, signal, deadline }, token),
    scope.account_id,
  );
  if (typeof account?.id !== 'string') {
    throw new CallError('invalid_response', 'Synqly answered without the account. No token was created.', {
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
  const token = resultOf(body);
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

function notRecorded({ status, requestId }: ApiResponse, message: string, cause?: unknown): CallError {
  return new CallError('token_not_kept', message, { status, requestId, cause });
}
