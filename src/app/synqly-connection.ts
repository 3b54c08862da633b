import { assertPath } from '../config/check-path.ts';
import { baseUrlOf, type Config, ConfigError } from '../config/load-config.ts';
import { readProxies } from '../config/proxy-environment.ts';
import { settings } from '../config/settings.ts';
import type { SynqlyConnection } from '../request-context.ts';
import { checkToken, fileToken, fixedToken, type TokenSource } from '../synqly/token-source.ts';
import { version } from '../version.ts';
import { warn } from './startup-errors.ts';

/** The setting that the token is taken from: SYNQLY_TOKEN, else SYNQLY_MCP_TOKEN, else the file. */
export function tokenSettingOf(config: Config): 'token' | 'mcpToken' | 'tokenFile' | undefined {
  const { token, mcpToken, tokenFile, transport } = config;
  if (token.value !== undefined) return 'token';
  // Over HTTP, MCP tokens belong to callers.
  if (mcpToken.value !== undefined && transport.value !== 'http') return 'mcpToken';
  return tokenFile.value === undefined ? undefined : 'tokenFile';
}

/**
 * The configured token.
 *
 * @throws ConfigError when there is none, or it is invalid; the message never holds the token
 */
export function tokenOf(config: Config): TokenSource {
  const name = tokenSettingOf(config);
  if (name === 'tokenFile') assertPath(settings.tokenFile, config.tokenFile, 'token');
  const text = name && config[name].value;
  if (name !== undefined && text !== undefined)
    return name === 'tokenFile' ? fileToken(text) : fixedToken(validToken(settings[name].env ?? name, text));
  throw new ConfigError(
    'No Synqly token is set. Set SYNQLY_TOKEN (or SYNQLY_TOKEN_FILE) to an organization token, or use --sandbox to try it on sample data.',
  );
}

/** The token for a gateway. @throws ConfigError */
export function gatewayToken(config: Config): string {
  const { value } = config.mcpToken;
  if (value !== undefined) return validToken('SYNQLY_MCP_TOKEN', value);
  throw new ConfigError('connect needs a token: set SYNQLY_MCP_TOKEN to a token that the server accepts.');
}

function validToken(name: string, token: string): string {
  try {
    return checkToken(token);
  } catch (error) {
    throw new ConfigError(`${name} ${(error as Error).message}.`);
  }
}

/** Checks the proxy settings in the environment before anything is sent. @throws ConfigError */
export function assertProxies(): void {
  try {
    readProxies(process.env, warn);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

/** A connection to Synqly that is opened on first use. */
export interface LazyConnection {
  /** Opens the connection; called by the first request. */
  readonly open: () => Promise<SynqlyConnection>;
  /** Every token used so far, to be masked in results and logs. */
  readonly knownTokens: Iterable<string>;
  /** The token; undefined for the sandbox, which makes one when it is opened. */
  readonly token?: TokenSource;
}

/** The connection to Synqly that the callers of an HTTP server share. */
export interface SharedConnection {
  readonly client: SynqlyConnection['client'];
  readonly baseUrl: URL;
  /** The server's own token, for callers with MCP tokens; without one, callers use their own API tokens. */
  readonly token: TokenSource | undefined;
}

/** Connects to Synqly or the sandbox, for many callers. @throws ConfigError */
export async function openSharedConnection(config: Config): Promise<SharedConnection> {
  if (!config.sandbox.value) {
    const baseUrl = baseUrlOf(config);
    assertProxies();
    const hasOwn = config.token.value !== undefined || config.tokenFile.value !== undefined;
    const token = hasOwn ? tokenOf(config) : undefined;
    return { client: await connect(config, baseUrl), baseUrl, token };
  }
  assertNoBaseUrl(config);
  const { startSandbox } = await import('../sandbox/start.ts');
  const sandbox = await startSandbox();
  const baseUrl = new URL(sandbox.baseUrl);
  return { client: await connect(config, baseUrl), baseUrl, token: fixedToken(sandbox.token) };
}

/** Prepares the connection to Synqly or the sandbox. @throws ConfigError */
export function prepareConnection(config: Config): LazyConnection {
  if (config.sandbox.value) return prepareSandbox(config);
  const token = tokenOf(config);
  assertProxies();
  const open = async () => ({ client: await connect(config, baseUrlOf(config)), token });
  return { open: once(open), knownTokens: token.known, token };
}

function prepareSandbox(config: Config): LazyConnection {
  assertNoBaseUrl(config);
  const knownTokens = new Set<string>();
  const open = async () => {
    const { startSandbox } = await import('../sandbox/start.ts');
    const sandbox = await startSandbox();
    knownTokens.add(sandbox.token);
    return { client: await connect(config, new URL(sandbox.baseUrl)), token: fixedToken(sandbox.token) };
  };
  return { open, knownTokens };
}

function assertNoBaseUrl(config: Config): void {
  if (config.baseUrl.source !== 'flag' && config.region.source !== 'flag') return;
  throw new ConfigError('--sandbox replaces Synqly: it cannot be combined with --base-url or --region.');
}

/** Loads the HTTP client on first use: listing tools does not need it. */
async function connect(config: Config, baseUrl: URL): Promise<SynqlyConnection['client']> {
  const { SynqlyClient } = await import('../synqly/client.ts');
  return new SynqlyClient({
    baseUrl,
    maxResponseBytes: config.maxResponseBytes.value,
    userAgent: `synqly-mcp/${version}`,
  });
}

/** Records the MCP tokens issued through a connection, if a token store is configured. */
export function withRecordedTokens(connection: LazyConnection, config: Config): LazyConnection {
  const { value: named } = config.tokenStore;
  if (named === undefined || config.sandbox.value) return connection;
  const open = async () => {
    const [{ recordIssuedTokens }, { openTokenStore }] = await Promise.all([
      import('../auth/mcp-tokens/record-issued-tokens.ts'),
      import('../auth/mcp-tokens/open-store.ts'),
    ]);
    const [{ client, token }, store] = await Promise.all([connection.open(), openTokenStore(named)]);
    const recordOptions = { store, audience: baseUrlOf(config).href, label: 'created by a tool' };
    return { client: recordIssuedTokens(client, recordOptions), token };
  };
  return { ...connection, open: once(open) };
}

/** Calls and reads of permissions share a connection. After a failure, the next one opens it again. */
function once(open: LazyConnection['open']): LazyConnection['open'] {
  let opening: Promise<SynqlyConnection> | undefined;
  return () => {
    opening ??= open().catch((error) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
}
