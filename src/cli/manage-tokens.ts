import { warn } from '../app/startup-errors.ts';
import { prepareConnection } from '../app/synqly-connection.ts';
import { type Grant, type McpScope, pinsOfScope } from '../auth/mcp-tokens/mcp-token.ts';
import { defaultStore, openTokenStore } from '../auth/mcp-tokens/open-store.ts';
import { recordIssuedTokens } from '../auth/mcp-tokens/record-issued-tokens.ts';
import { areMakersValid, type TokenStore } from '../auth/mcp-tokens/store.ts';
import { baseUrlOf, type Config, ConfigError, loadConfig, readFlag } from '../config/load-config.ts';
import { CallError } from '../errors.ts';
import { hashToken } from '../lib/hash.ts';
import { createMcpToken } from '../synqly/endpoints.ts';
import { tableOf } from './text-table.ts';

type Print = (text: string) => void;

/** Flags that every token command takes. */
interface StoreFlags {
  readonly baseUrl?: string;
  readonly region?: string;
  readonly tokenStore?: string;
  readonly json?: true;
}

interface CreateFlags extends StoreFlags {
  readonly account?: string;
  readonly environment?: string;
  readonly organization?: true;
  readonly ttl: string;
  readonly label: string;
}

/** Digits of a token's hash that form its fingerprint. */
const fingerprintLength = 8;
const createTimeoutMs = 30_000;

/** Creates an MCP token at Synqly, stores its hash and prints it. @throws ConfigError */
export async function createToken(flags: CreateFlags, print: Print): Promise<void> {
  const scope = scopeOf(flags);
  readFlag('--ttl', flags.ttl);
  const config = configOf(flags);
  await withStore(config, async (store) => {
    const { client, token } = await prepareConnection(config).open();
    const audience = baseUrlOf(config).href;
    const remembering = recordIssuedTokens(client, { store, audience, label: flags.label });
    const signal = AbortSignal.timeout(createTimeoutMs);
    const deadline = Date.now() + createTimeoutMs;
    const bearer = await token.current();
    const secret = await createMcpToken(
      (request) => remembering.request({ ...request, signal, deadline }, bearer),
      { token_ttl: flags.ttl, scope },
    );
    const grant = (await store.find(hashToken(secret))) as Grant;
    print(flags.json ? JSON.stringify({ token: secret, ...describe(grant) }) : created(secret, grant));
  });
}

/** Prints the unexpired tokens' data, never the tokens themselves. @throws ConfigError */
export async function listTokens(flags: StoreFlags, print: Print): Promise<void> {
  const config = configOf(flags);
  await withStore(config, async (store) => {
    const rows = (await grantsOf(store, config)).map(describe);
    if (flags.json) for (const row of rows) print(JSON.stringify(row));
    else print(rows.length === 0 ? 'There are no MCP tokens.' : table(rows));
  });
}

/** Revokes a token. @throws ConfigError unless the fingerprint matches exactly one */
export async function revokeToken(fingerprint: string, flags: StoreFlags, print: Print): Promise<void> {
  const config = configOf(flags);
  await withStore(config, async (store) => {
    const named = fingerprint.toLowerCase();
    const found = (await grantsOf(store, config)).filter(({ hash }) => hash.startsWith(named));
    const [grant] = found;
    if (!grant || named.length < fingerprintLength || found.length > 1) {
      throw new ConfigError(
        'The fingerprint matches no MCP token, or several: give at least 8 of the digits that "token list" shows.',
      );
    }
    await store.revoke(grant.hash);
    print(
      `Revoked ${grant.hash.slice(0, fingerprintLength)}: gateways reject it from now on. Synqly itself accepts it until ${grant.expires}.`,
    );
  });
}

function configOf({ baseUrl, region, tokenStore }: StoreFlags): Config {
  const given = Object.entries({ baseUrl, region, tokenStore }).filter(([, value]) => value !== undefined);
  return loadConfig(Object.fromEntries(given) as Record<string, string>, process.env, {
    mode: 'token',
    warn,
  });
}

async function withStore(config: Config, use: (store: TokenStore) => Promise<void>): Promise<void> {
  const store = await openTokenStore(config.tokenStore.value ?? defaultStore(process.env));
  try {
    await use(store);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const { message, next, upstream } = error.toJSON();
    const words = (upstream as { message?: unknown } | undefined)?.message;
    throw new ConfigError(
      [message, typeof words === 'string' ? JSON.stringify(words) : '', next].filter(Boolean).join(' '),
    );
  } finally {
    await store.close();
  }
}

/** The valid grants of the configured Synqly API: a store may serve several. */
async function grantsOf(store: TokenStore, config: Config): Promise<Grant[]> {
  const audience = baseUrlOf(config).href;
  const grants = (await store.list()).filter((grant) => grant.audience === audience);
  const areValid = await Promise.all(grants.map((grant) => areMakersValid(grant, store)));
  return grants.filter((_, at) => areValid[at]);
}

function scopeOf({ account, environment, organization }: CreateFlags): McpScope {
  // An empty value would create a token for the whole organization.
  for (const [flag, text] of Object.entries({ account, environment })) {
    if (text !== undefined) readFlag(`--${flag}`, text);
  }
  const named = [account, environment, organization].filter((one) => one !== undefined);
  if (named.length !== 1) {
    throw new ConfigError(
      'Give the scope of the token: --account ID, --environment test|prod or --organization.',
    );
  }
  if (environment !== undefined && environment !== 'test' && environment !== 'prod') {
    throw new ConfigError('--environment must be one of test, prod.');
  }
  return { type: 'management', ...(environment && { environment }), ...(account && { account_id: account }) };
}

function describe({ hash, scope, label, created, expires }: Grant) {
  return { fingerprint: hash.slice(0, fingerprintLength), reaches: reachOf(scope), label, created, expires };
}

function reachOf(scope: McpScope): string {
  if (scope.type === 'integration-usage') return `connectors of ${scope.account_id}`;
  if (scope.account_id !== undefined) return `account ${scope.account_id}`;
  const { environment } = pinsOfScope(scope) ?? {};
  return environment === undefined ? 'organization' : `environment ${environment}`;
}

function created(token: string, grant: Grant): string {
  const { fingerprint, reaches, expires } = describe(grant);
  return `${token}\n\nFingerprint ${fingerprint}, reaches ${reaches}, expires ${expires}. It is shown only once.`;
}

function table(rows: readonly ReturnType<typeof describe>[]): string {
  const columns = ['fingerprint', 'reaches', 'expires', 'label'] as const;
  const heading = columns.map((name) => name.toUpperCase());
  return tableOf([heading, ...rows.map((row) => columns.map((name) => row[name]))]);
}
