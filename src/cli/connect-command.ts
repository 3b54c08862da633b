import type { Command } from 'commander';
import { serveGateway } from '../app/serve.ts';
import { warn } from '../app/startup-errors.ts';
import { type Config, ConfigError, loadConfig } from '../config/load-config.ts';
import { settings } from '../config/settings.ts';
import { parseSecureUrl } from '../config/url-parsers.ts';
import { addSettings } from './setting-options.ts';

/** Adds the command that connects a stdio client to a server over HTTP. */
export function addConnectCommand(program: Command): void {
  const connect = program
    .command('connect <url>')
    .allowExcessArguments(false)
    .description(
      'Connect a stdio client to the synqly-mcp server at this URL, with SYNQLY_MCP_TOKEN as the bearer token.',
    );
  const all = Object.values(settings);
  addSettings(
    connect,
    all.filter(({ modes }) => modes.includes('connect')),
  );
  // Other settings are declared too, so that they are rejected by name and with a reason.
  addSettings(
    connect,
    all.filter(({ modes }) => !modes.includes('connect')),
    { hidden: true },
  );
  connect.action(async (url: string, _, command: Command) => {
    const gateway = parseGateway(url);
    const config = loadConfig(command.optsWithGlobals(), process.env, { mode: 'connect', warn });
    assertNoServerSettings(config);
    await serveGateway(gateway, config);
    process.exit(0);
  });
}

function parseGateway(text: string): URL {
  try {
    return parseSecureUrl(text, { allowQuery: true });
  } catch (error) {
    throw new ConfigError(`The URL of the server ${(error as Error).message}.`);
  }
}

/** Rejects variables that have no effect on connect: a user who sets one expects an effect. */
function assertNoServerSettings(config: Config): void {
  const { sandbox, baseUrl, region, transport, revealSecrets, token, tokenFile } = config;
  const { confirm, auditLog, secretEnv, secretDir, permissions } = config;
  const unsupported = Object.entries({
    sandbox,
    baseUrl,
    region,
    transport,
    revealSecrets,
    confirm,
    auditLog,
    secretEnv,
    secretDir,
    permissions,
  })
    .filter(([, { value, source }]) => source !== 'default' && value !== false && value !== 'stdio')
    .map(([name]) => settings[name as keyof typeof settings].env);
  if (unsupported.length > 0) {
    throw new ConfigError(
      `connect forwards everything to another server, which has its own settings: unset ${unsupported.join(', ')}.`,
    );
  }
  for (const [name, { source }] of Object.entries({ SYNQLY_TOKEN: token, SYNQLY_TOKEN_FILE: tokenFile })) {
    if (source !== 'default')
      warn(`connect does not use ${name}: it sends SYNQLY_MCP_TOKEN as the bearer token. Unset ${name}.`);
  }
}
