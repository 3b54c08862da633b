import { Command, CommanderError, Option } from 'commander';
import { createConfirmations } from '../access/pending-confirmations.ts';
import { pinsOf } from '../access/pins.ts';
import { policyOf } from '../access/policy.ts';
import { assertSelection } from '../access/visibility.ts';
import { greeting } from '../app/client-config.ts';
import { keepMcpTokens } from '../app/keep-mcp-tokens.ts';
import { describeFailure, tell, tellUsage } from '../app/startup-errors.ts';
import { assertProxies, gatewayToken, prepareAccess, withRights } from '../app/synqly-connection.ts';
import { assertPath } from '../config/check-path.ts';
import type { Definition } from '../config/define-setting.ts';
import { type Config, ConfigError, readConfig, readFlag } from '../config/load-config.ts';
import { settings } from '../config/settings.ts';
import { createTrail } from '../observability/audit-log.ts';
import { createLog, warnIfRevealing } from '../observability/logger.ts';
import { createSession } from '../request-context.ts';
import { synqlyResources } from '../resources/provider.ts';
import type { SandboxSize } from '../sandbox/seed.ts';
import type { Sandbox } from '../sandbox/start.ts';
import { secretsForOne } from '../secrets/store.ts';
import { createServer } from '../server.ts';
import { createSurface } from '../surfaces/create-surface.ts';
import { serveStdio } from '../transports/stdio/serve-stdio.ts';
import { version } from '../version.ts';
import { port, size, wholeNumber } from './sandbox-options.ts';

/** Exit status for settings that cannot be used, as for a wrong command line. */
const usageError = 2;

type Flags = Record<string, string | boolean>;

async function serve(flags: Flags): Promise<void> {
  const config = readConfig(flags, process.env, tell);
  if (config.gateway.value !== undefined) assertForwards(config);
  assertPath(settings.auditLog, config.auditLog, 'log');
  assertPath(settings.secretDir, config.secretDir, 'directory');
  if (config.transport.value === 'http') return serveHttp(config);
  if (config.gateway.value !== undefined) return serveGateway(config.gateway.value, config);
  const access = await withRights(config, keepMcpTokens(prepareAccess(config), config));
  const secrets = secretsForOne(config);
  const log = createLog(config.logLevel.value, access.knownTokens, secrets.known);
  warnIfRevealing(config, log);
  const pins = pinsOf(config);
  const policy = policyOf(config);
  assertSelection({ pins, policy });
  const session = createSession({
    ...access,
    log,
    pins,
    policy,
    secrets,
    pending: createConfirmations(config.confirmWithin.value)('stdio'),
    trail: createTrail(config.auditLog.value, log),
    timeout: config.timeout.value,
    maxResultTokens: config.maxResultTokens.value,
    revealSecrets: config.revealSecrets.value,
    sandbox: config.sandbox.value,
  });
  if (process.stdin.isTTY) process.stderr.write(greeting(config, process.argv[1] ?? 'synqly-mcp'));
  await serveStdio(
    createServer(session, {
      surface: createSurface(config.surface.value, session),
      resources: synqlyResources(pins, policy),
    }),
    log,
  );
  await log.flush();
  // Kept-alive connections and the sandbox would hold the process.
  process.exit(0);
}

/** A bridge has no Synqly of its own: whoever names one as well may believe that it is asked. @throws ConfigError */
function assertForwards({
  sandbox,
  baseUrl,
  region,
  transport,
  revealSecrets,
  token,
  tokenFile,
}: Config): void {
  const against = [
    sandbox.value && '--sandbox',
    baseUrl.source !== 'default' && '--base-url',
    region.source !== 'default' && '--region',
    transport.value === 'http' && '--transport http',
    revealSecrets.value && '--reveal-secrets',
  ].filter((name) => name !== false);
  if (against.length > 0) {
    throw new ConfigError(
      `--gateway forwards everything to another server: it cannot be combined with ${against.join(', ')} (nor the variables of the same meaning).`,
    );
  }
  for (const [name, { source }] of Object.entries({ SYNQLY_TOKEN: token, SYNQLY_TOKEN_FILE: tokenFile })) {
    if (source !== 'default') tell(`${name} is not used with --gateway: the bearer is SYNQLY_MCP_TOKEN.`);
  }
}

async function serveGateway(gateway: URL, config: Config): Promise<void> {
  const { surface, confirm, auditLog, secretEnv, secretDir, permissions } = config;
  const itsOwn = [surface, confirm, auditLog, secretEnv, secretDir, permissions];
  if (itsOwn.some(({ source }) => source !== 'default')) {
    throw new ConfigError(
      '--gateway takes neither --surface, --confirm, --audit-log, --secret-env, --secret-dir nor --permissions: that is for the gateway to decide.',
    );
  }
  const token = gatewayToken(config);
  assertProxies();
  const [{ serveBridge }, { headersOf }] = await Promise.all([
    import('../transports/connect/connect.ts'),
    import('../transports/http/client-filters.ts'),
  ]);
  const log = createLog(config.logLevel.value, [token]);
  await serveBridge(gateway, { ...headersOf(config), authorization: `Bearer ${token}` }, log);
  await log.flush();
  process.exit(0);
}

async function serveHttp(config: Config): Promise<void> {
  const { listen } = await import('../app/serve-http.ts');
  await listen(config);
  process.exit(0);
}

interface SandboxFlags {
  readonly port: number;
  readonly seed?: number;
  readonly size: SandboxSize;
  readonly fault?: string[];
  readonly json?: true;
}

async function serveSandbox(flags: SandboxFlags): Promise<void> {
  const sandbox = await openSandbox(flags);
  const { baseUrl, token } = sandbox;
  print(
    flags.json
      ? JSON.stringify({ base_url: baseUrl, token })
      : `Sandbox with invented data; Ctrl-C ends it.\n\nBase URL  ${baseUrl}\nToken     ${token}`,
  );
  await new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  await sandbox.close();
}

async function openSandbox({ port, seed = 1, size, fault = [] }: SandboxFlags): Promise<Sandbox> {
  const [{ startSandbox }, { parseFault }] = await Promise.all([
    import('../sandbox/start.ts'),
    import('../sandbox/faults.ts'),
  ]);
  try {
    return await startSandbox({ port, seed, size, faults: fault.map(parseFault) });
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

function createProgram(): Command {
  const program = new Command('synqly-mcp')
    .description('MCP server with which an AI assistant administers a Synqly organization.')
    .version(version)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(tellUsage(text)) })
    .addHelpText('after', environmentHelp())
    // A word that is no command would be one argument too many, of which commander says no more.
    .allowExcessArguments()
    .action((flags: Flags) => (program.args.length > 0 ? assertNoWord(program) : serve(flags)));
  addSettings(program, Object.values(settings));
  program
    .command('sandbox')
    .allowExcessArguments(false)
    .description('Serve an invented Synqly over HTTP on loopback, without the MCP server.')
    .option('--port <n>', 'port to listen on; 0 picks one', port, 0)
    .option('--seed <n>', 'random seed of the invented data', wholeNumber)
    .option('--size <size>', 'small, medium, large, or a number of accounts', size, 'medium')
    .option('--fault <fault...>', 'fault to inject, such as accounts_list:status=503,times=1')
    .option('--json', 'print {"base_url","token"} as one line')
    .action(serveSandbox);
  addToolsCommand(program);
  addTokenCommand(program);
  return program;
}

/** Ends as commander does for a command that there is not: with the nearest one; `help` is what people try. */
function assertNoWord(program: Command): never {
  if (program.args[0] === 'help') program.help();
  return (program as Command & { unknownCommand(): never }).unknownCommand();
}

function addToolsCommand(program: Command): void {
  const { surface, groups, allow, deny, readOnly, account, environment, confirm } = settings;
  const tools = program
    .command('tools')
    .allowExcessArguments(false)
    .description('Show the tools that a server with these settings has.');
  addSettings(tools, [surface, groups, allow, deny, readOnly, account, environment, confirm])
    .option('--tokens', 'what surfaces, groups, tools and answers cost a model, beside their budgets')
    .option('--json', 'print one line of JSON')
    .action(async (_, command: Command) => {
      const { listTools } = await import('./tools-command.ts');
      await listTools(command.optsWithGlobals(), print);
    });
}

/** Writes for whoever reads stdout; one who stops reading, as `head` does, ends the command without more words. */
function print(text: string): void {
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => process.exit(1));
  process.stdout.write(`${text}\n`);
}

function addTokenCommand(program: Command): void {
  const token = program
    .command('token')
    .allowExcessArguments(false)
    .description('MCP tokens, with which people log in to a gateway.');
  const shared = (command: Command) =>
    addSettings(command, [settings.baseUrl, settings.region, settings.tokenStore]);
  const commands = () => import('./token-command.ts');
  shared(token.command('create'))
    .description('Make one; it is printed once and kept as a hash.')
    .option('--account <id>', 'it reaches this account')
    .option('--environment <test|prod>', 'it reaches the accounts of this environment')
    .option('--organization', 'it reaches the whole organization')
    .option('--ttl <duration>', 'how long it lives, such as 30m or 8h; at most 24h', '1h')
    .option('--label <text>', 'who it is for', '')
    .option('--json', 'print one line of JSON')
    .action(async (flags) => (await commands()).createToken(flags, print));
  shared(token.command('list'))
    .description('Show those that have not expired.')
    .option('--json', 'print one line of JSON for each')
    .action(async (flags) => (await commands()).listTokens(flags, print));
  shared(token.command('revoke <fingerprint>'))
    .description('End one, by the fingerprint that list shows.')
    .action(async (fingerprint, flags) => (await commands()).revokeToken(fingerprint, flags, print));
}

function addSettings(command: Command, chosen: readonly Readonly<SettingFlag>[]): Command {
  for (const { flag, placeholder, help, repeated } of chosen) {
    if (flag === undefined) continue;
    const option = new Option(placeholder ? `--${flag} <${placeholder}>` : `--${flag}`, help);
    if (repeated) option.argParser((text, before?: string) => again(`--${flag}`, repeated, text, before));
    command.addOption(option);
  }
  return command;
}

/** The text of a flag that may have been given before: nothing that narrows may go unnoticed. @throws ConfigError */
function again(
  name: string,
  repeated: 'added' | 'narrows',
  text: string,
  before: string | undefined,
): string {
  if (before === undefined || before === text) return text;
  if (repeated === 'narrows') throw new ConfigError(`${name} is given twice, with two values: it takes one.`);
  return [before, text].map((one) => readFlag(name, one)).join(',');
}

type SettingFlag = Pick<Definition<never>, 'flag' | 'placeholder' | 'help' | 'repeated'>;

function environmentHelp(): string {
  const lines = Object.values(settings).map(({ env, help }) => `  ${(env ?? '').padEnd(28)}${help}`);
  return ['', 'Environment (a flag wins over it):', ...lines].join('\n');
}

/** Runs the command line to its end. What goes wrong is told in a line or two, never with a stack or our code. */
export async function run(): Promise<void> {
  // Whoever read stderr is gone; that is no reason to end.
  process.stderr.on('error', () => {});
  // Node prints the line that threw, and a line of the bundle is as long as a book.
  process.on('uncaughtException', (error) => fail(error));
  try {
    await createProgram().parseAsync();
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : usageError);
  process.stderr.write(`synqly-mcp: ${describeFailure(error, wantsDetails())}\n`);
  process.exit(error instanceof ConfigError ? usageError : 1);
}

/** Settings may be what is at fault, so that this one is looked for without reading them all. */
function wantsDetails(): boolean {
  const { SYNQLY_LOG_LEVEL: level } = process.env;
  return level === 'debug' || /--log-level[ =]debug\b/.test(process.argv.join(' '));
}
