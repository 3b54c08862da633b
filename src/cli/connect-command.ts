import type { Command } from 'commander';
import { serveGateway } from '../app/serve.ts';
import { warn } from '../app/startup-errors.ts';
import { type Config, ConfigError, loadConfig } from '../config/load-config.ts';
import { settings } from '../config/settings.ts';
import { parseSecureUrl } from '../config/url-parsers.ts';
import { addSettings } from './setting-options.ts';

/** Adds the command that connects a client over stdio to a server over HTTP. */
export function addConnectCommand(program: Command): void {
  const connect = program
    .command('connect <url>')
    .allowExcessArguments(false)
    .description(
      'Connect a client over stdio to the synqly-mcp server at this URL. The bearer is SYNQLY_MCP_TOKEN.',
    );
  const all = Object.values(settings);
  addSettings(
    connect,
    all.filter(({ modes }) => modes.includes('connect')),
  );
  // Known all the same, so that they are refused by name and with the reason.
  addSettings(
    connect,
    all.filter(({ modes }) => !modes.includes('connect')),
    { hidden: true },
  );
  connect.action(async (url: string, _, command: Command) => {
    const gateway = parseGateway(url);
    const config = loadConfig(command.optsWithGlobals(), process.env, { mode: 'connect', warn });
    assertNoSynqly(config);
    await serveGateway(gateway, config);
    process.exit(0);
  });
}

function parseGateway(text: string): URL {
  try {
    return parseSecureUrl(text);
  } catch (error) {
    throw new ConfigError(`The URL of the server ${(error as Error).message}.`);
  }
}

/** Variables that name a Synqly, or what the server decides: whoever sets one may believe that it has an effect. */
function assertNoSynqly(config: Config): void {
  const { sandbox, baseUrl, region, transport, revealSecrets, token, tokenFile } = config;
  const { confirm, auditLog, secretEnv, secretDir, permissions } = config;
  const against = Object.entries({
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
  if (against.length > 0) {
    throw new ConfigError(
      `connect forwards everything to another server, which decides this itself: unset ${against.join(', ')}.`,
    );
  }
  for (const [name, { source }] of Object.entries({ SYNQLY_TOKEN: token, SYNQLY_TOKEN_FILE: tokenFile })) {
    if (source !== 'default') warn(`${name} is not used by connect: the bearer is SYNQLY_MCP_TOKEN.`);
  }
}
