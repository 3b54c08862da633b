import { assertToolsLeft } from '../access/visibility.ts';
import { assertPath } from '../config/check-path.ts';
import { type Config, ConfigError } from '../config/load-config.ts';
import { settings } from '../config/settings.ts';
import { StopController } from '../lib/cancellation.ts';
import { enableForcedCollection } from '../lib/garbage-collection.ts';
import { createAuditLog } from '../observability/audit-log.ts';
import { createLogger } from '../observability/logger.ts';
import { createStdioSecrets } from '../secrets/store.ts';
import { createServer, createV1Server } from '../server.ts';
import { serveStdio } from '../transports/stdio/serve-stdio.ts';
import { describeStdioServer } from './client-config.ts';
import { createApp } from './create-app.ts';
import { openInputStates } from './open-input-states.ts';
import { pinsOf, policyOf, warnIfRevealing } from './policy-from-config.ts';
import {
  assertProxies,
  gatewayToken,
  type LazyConnection,
  prepareConnection,
  withRecordedTokens,
} from './synqly-connection.ts';
import { featuresOf, permissionsOpener } from './token-permissions.ts';

/** Runs the server on the configured transport until the client disconnects or a signal arrives. @throws ConfigError */
export async function serve(config: Config): Promise<void> {
  assertPath(settings.auditLog, config.auditLog, 'log');
  assertPath(settings.secretDir, config.secretDir, 'directory');
  assertPath(settings.outputDir, config.outputDir, 'output directory');
  if (config.transport.value === 'stdio') return serveOverStdio(config);
  const { serveHttp } = await import('./serve-http.ts');
  await serveHttp(config);
}

async function serveOverStdio(config: Config): Promise<void> {
  enableForcedCollection();
  const { token, ...access } = withRecordedTokens(prepareConnection(config), config);
  const secrets = createStdioSecrets(config);
  const log = createLogger(config.logLevel.value, access.knownTokens, secrets.known);
  warnIfRevealing(config, log);
  const [pins, policy] = [pinsOf(config), policyOf(config)];
  assertToolsLeft({ pins, policy });
  const { inputStates, close } = await openInputStates(config);
  const auditLog = createAuditLog(config.auditLog.value, log);
  const app = createApp(config, { log, secrets, auditLog, inputStates });
  const stopped = new StopController();
  const { connect, misconfigured } = connectOrEnd(access);
  const permissions = token && (await permissionsOpener(config, { connect, log, stopped })?.(token));
  const context = app.createContext({ ...access, pins, policy, permissions, confirmationsOf: 'stdio' });
  const features = featuresOf(permissions, (known) => app.featuresFor({ pins, policy, permissions: known }));
  if (process.stdin.isTTY) process.stderr.write(describeStdioServer(config, process.argv[1] ?? 'synqly-mcp'));
  const v1 = createV1Server(features, context, { sendsNotifications: true });
  const servers = { v1, openV2: () => createServer('v2', features, context), features };
  await Promise.race([serveStdio(servers, log), misconfigured]);
  stopped.stop('The process is stopping.');
  await close();
  await log.flush();
}

/**
 * Opens the connection for reads of permissions. Some settings, such as the token store, are checked only then: a wrong one
 * ends the process, as at start.
 */
function connectOrEnd({ open }: Pick<LazyConnection, 'open'>) {
  let end: (error: ConfigError) => void = () => {};
  const misconfigured = new Promise<never>((_, reject) => {
    end = reject;
  });
  const connect = async () => {
    try {
      return (await open()).client;
    } catch (error) {
      if (error instanceof ConfigError) end(error);
      throw error;
    }
  };
  return { connect, misconfigured };
}

/** Connects stdin and stdout to a server over HTTP. @throws ConfigError */
export async function serveGateway(gateway: URL, config: Config): Promise<void> {
  const token = gatewayToken(config);
  assertProxies();
  const [{ connectGateway }, { filterHeadersFor }, { secretInUrl }] = await Promise.all([
    import('../transports/connect/connect.ts'),
    import('../transports/http/client-filters.ts'),
    import('../transports/http/url-parameters.ts'),
  ]);
  if (secretInUrl(gateway.href) !== undefined) {
    throw new ConfigError(
      'The URL of the server has a parameter that looks like a secret, and logs store URLs: remove the parameter and set SYNQLY_MCP_TOKEN.',
    );
  }
  const log = createLogger(config.logLevel.value, [token]);
  await connectGateway(gateway, { ...filterHeadersFor(config), authorization: `Bearer ${token}` }, log);
  await log.flush();
}
