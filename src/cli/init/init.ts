import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ConfigError, loadConfig, readVariable, type Warn } from '../../config/load-config.ts';
import { settings } from '../../config/settings.ts';
import { findClosest } from '../../lib/did-you-mean.ts';
import { checkToken } from '../../synqly/token-source.ts';
import { describeFileError } from '../clients/client-file.ts';
import { type ClientName, clientFolder, clientNames, clients } from '../clients/clients.ts';
import { setJson } from '../clients/edit-json.ts';
import { setToml } from '../clients/edit-toml.ts';
import { type OwnProgram, type ServerChoices, serverEntry } from '../clients/server-entry.ts';
import { openTerminal, type Person } from './ask.ts';
import {
  type ChangeOptions,
  ClientError,
  type PlannedChange,
  planEntry,
  planRemoval,
  thisMachine,
} from './configure-client.ts';
import { configDirectory, tokenFileOf, writeTokenFile } from './user-files.ts';

/** Flags of the server that `init` passes on to the client's configuration. */
export const passedSettings = {
  region: settings.region,
  baseUrl: settings.baseUrl,
  account: settings.account,
  environment: settings.environment,
  toolsets: settings.toolsets,
  surface: settings.surface,
};

/** Flags of `print-config`, and of `init`. */
export interface PrintFlags {
  readonly name: string;
  readonly sandbox?: boolean;
  readonly readWrite?: boolean;
  readonly region?: string;
  readonly baseUrl?: string;
  readonly account?: string;
  readonly environment?: string;
  readonly toolsets?: string;
  readonly surface?: string;
}

/** Flags of `init`. */
export interface InitFlags extends PrintFlags {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly remove?: boolean;
  readonly force?: boolean;
}

type Print = (text: string) => void;

/**
 * Adds this server to the configuration of MCP clients on this machine, or removes it.
 *
 * @returns the exit status
 * @throws ConfigError when an answer is missing and nobody can be asked
 */
export async function init(client: string | undefined, flags: InitFlags, print: Print): Promise<number> {
  const environment = process.env;
  assertUsable(flags);
  const named = client === undefined ? undefined : parseClient(client);
  const person = flags.yes ? undefined : openTerminal();
  if (!person && !flags.yes && !flags.dryRun) {
    throw new ConfigError(
      'init asks questions, and there is no terminal: add --yes to take the answers from flags and variables, or --dry-run to see the changes.',
    );
  }
  try {
    const chosen = await chooseClients(named, flags, person, environment);
    const plans: ((options: ChangeOptions) => Promise<PlannedChange>)[] = [];
    let saveToken = async (): Promise<string | undefined> => undefined;
    if (flags.remove) plans.push(planRemoval);
    else {
      const answers = await askForAnswers(flags, person, environment);
      saveToken = answers.saveToken;
      plans.push((options) => planEntry(options, answers.choices));
    }
    let failures = 0;
    for (const name of chosen) {
      const options = {
        client: name,
        name: flags.name,
        force: flags.force === true,
        environment,
        program: ownProgram(),
      };
      for (const plan of plans) {
        const isDone = await carryOut(await plan(options).catch(asClientError), {
          flags,
          person,
          print,
          saveToken,
        });
        if (isDone && !flags.remove) print(clients[name].afterwards);
        failures += isDone === undefined ? 1 : 0;
      }
    }
    return failures > 0 ? 1 : 0;
  } finally {
    person?.close();
  }
}

/** Prints the configuration that `init` would write for a client. */
export async function printConfig(
  client: string,
  flags: PrintFlags,
  print: Print,
  note: Print,
): Promise<void> {
  assertUsable(flags);
  const name = parseClient(client);
  const { title, path, format, serversKey } = clients[name];
  const environment = process.env;
  const region = regionOf(flags, environment);
  const tokenFile = flags.sandbox
    ? undefined
    : (givenTokenFile(environment) ?? tokenFileOf(environment, hostOf(flags) ?? region));
  const choices = { flags: serverFlags(flags, region, flags.readWrite !== true), tokenFile };
  const entry = serverEntry(clients[name], choices, ownProgram());
  const keys = [serversKey, flags.name];
  note(`${title} reads ${path(thisMachine(environment))}`);
  if (tokenFile !== undefined && !existsSync(tokenFile)) {
    note(`The token belongs in ${tokenFile}, readable by you only.`);
  }
  print((format === 'json' ? setJson('', keys, entry) : setToml('', keys, { ...entry })).trimEnd());
}

interface Outcome {
  readonly flags: InitFlags;
  readonly person: Person | undefined;
  readonly print: Print;
  readonly saveToken: () => Promise<string | undefined>;
}

/** Returns whether the change was made; undefined if it could not be. */
async function carryOut(
  planned: PlannedChange | ClientError,
  { flags, person, print, saveToken }: Outcome,
): Promise<boolean | undefined> {
  if (planned instanceof ClientError) {
    process.stderr.write(`synqly-mcp: ${planned.message}\n`);
    return undefined;
  }
  const { title, path, lines } = planned;
  const isDone = lines.length === 0;
  if (isDone) {
    const state = flags.remove ? 'has no server of this name' : 'is configured already';
    print(`${title}: ${state} (${path}).`);
  } else print(`${title}: ${path}\n${lines.join('\n')}`);
  if (flags.dryRun) return false;
  if (!isDone && person && !(await person.confirm('Write this?', true))) {
    print('Left as it was.');
    return false;
  }
  try {
    const saved = await saveToken();
    if (saved !== undefined) print(saved);
    if (isDone) return false;
    const backup = await planned.carryOut();
    print(`${flags.remove ? 'Removed.' : 'Written.'}${backup ? ` The file as it was: ${backup}` : ''}`);
    return true;
  } catch (error) {
    process.stderr.write(`synqly-mcp: ${(error as Error).message}\n`);
    return undefined;
  }
}

function asClientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  throw error;
}

/** @throws ConfigError */
function parseClient(text: string): ClientName {
  const name = clientNames.find((known) => known === text);
  if (name) return name;
  const [closest] = findClosest(text, clientNames);
  const hint = closest === undefined ? '' : ` Did you mean ${closest}?`;
  throw new ConfigError(`There is no client of this name.${hint} Known: ${clientNames.join(', ')}.`);
}

/** The clients to configure: the named one, or those on this machine. @throws ConfigError */
async function chooseClients(
  named: ClientName | undefined,
  { remove }: InitFlags,
  person: Person | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<readonly ClientName[]> {
  if (named) return [named];
  const machine = thisMachine(environment);
  const found = clientNames.filter(
    (name) => existsSync(clients[name].path(machine)) || existsSync(clientFolder(name, machine)),
  );
  if (found.length === 0) {
    throw new ConfigError(`No client was found on this machine. Name one: ${clientNames.join(', ')}.`);
  }
  if (!person) return found;
  const chosen: ClientName[] = [];
  for (const name of found) {
    const { title } = clients[name];
    if (await person.confirm(remove ? `Remove the server from ${title}?` : `Configure ${title}?`, true))
      chosen.push(name);
  }
  return chosen;
}

interface Answers {
  readonly choices: ServerChoices;
  /** Writes the token file. Returns a sentence for the person, if it did. */
  readonly saveToken: () => Promise<string | undefined>;
}

async function askForAnswers(
  flags: InitFlags,
  person: Person | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Answers> {
  const asksRegion = person && flags.region === undefined && flags.baseUrl === undefined && !flags.sandbox;
  let region = regionOf(flags, environment);
  if (asksRegion) {
    const answer = await person.ask('Region of your organization, us or eu', region);
    region = regionOf({ ...flags, region: answer }, environment);
  }
  const isReadOnly =
    flags.readWrite !== true &&
    (person === undefined || (await person.confirm('Only read? (No: also create, change and delete)', true)));
  const token = flags.sandbox ? undefined : await askForToken(flags, region, person, environment);
  const choices = { flags: serverFlags(flags, region, isReadOnly), tokenFile: token?.file };
  return { choices, saveToken: token?.save ?? (async () => undefined) };
}

/** The token file, and how to write it. @throws ConfigError when there is no token */
async function askForToken(
  flags: InitFlags,
  region: string,
  person: Person | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly file: string; readonly save: () => Promise<string | undefined> }> {
  const keep = async () => undefined;
  const given = givenTokenFile(environment);
  if (given !== undefined) {
    if (!existsSync(given)) throw new ConfigError('SYNQLY_TOKEN_FILE names a file that does not exist.');
    return { file: given, save: keep };
  }
  const file = tokenFileOf(environment, hostOf(flags) ?? region);
  const text = readVariable('SYNQLY_TOKEN', environment, () => {}) ?? (await typedToken(file, person));
  if (text === undefined || text === '') {
    if (existsSync(file) || flags.dryRun) return { file, save: keep };
    throw new ConfigError(
      'A token is needed: set SYNQLY_TOKEN or SYNQLY_TOKEN_FILE, or try it without one with --sandbox.',
    );
  }
  const token = parseToken(text);
  let isSaved = false;
  const save = async () => {
    if (isSaved || (await readFile(file, 'utf8').catch(() => '')).trim() === token) return undefined;
    try {
      await writeTokenFile(file, configDirectory(environment), token);
    } catch (error) {
      throw new ClientError(`${file} cannot be written: ${describeFileError(error)}. Nothing was changed.`);
    }
    isSaved = true;
    return `The token is in ${file}, readable by you only.`;
  };
  return { file, save };
}

async function typedToken(file: string, person: Person | undefined): Promise<string | undefined> {
  if (!person) return undefined;
  const hint = existsSync(file) ? 'empty: keep the one of before; ' : '';
  return person.askSecret(`Organization or ad hoc token (${hint}not shown)`);
}

function parseToken(text: string): string {
  try {
    return checkToken(text);
  } catch (error) {
    throw new ConfigError(`The token ${(error as Error).message}.`);
  }
}

function givenTokenFile(environment: NodeJS.ProcessEnv): string | undefined {
  const text = readVariable('SYNQLY_TOKEN_FILE', environment, () => {});
  return text === undefined ? undefined : settings.tokenFile.parse(text);
}

const silent: Warn = () => {};

/** @throws ConfigError */
function regionOf(flags: PrintFlags, environment: NodeJS.ProcessEnv): 'us' | 'eu' {
  const { SYNQLY_REGION } = environment;
  const region = flags.region === undefined ? {} : { region: flags.region };
  const variables = SYNQLY_REGION === undefined ? {} : { SYNQLY_REGION };
  return loadConfig(region, variables, { mode: 'stdio', warn: silent }).region.value;
}

/** The host of a self-hosted Synqly. @throws ConfigError */
function hostOf({ baseUrl }: PrintFlags): string | undefined {
  if (baseUrl === undefined) return undefined;
  return loadConfig({ baseUrl }, {}, { mode: 'stdio', warn: silent }).baseUrl.value?.host;
}

/** The flags with which the client starts the server. @throws ConfigError */
function serverFlags(flags: PrintFlags, region: string, isReadOnly: boolean): string[] {
  const { baseUrl, account, environment, toolsets, surface } = flags;
  const given = Object.entries({ baseUrl, account, environment, toolsets, surface }).filter(
    (entry): entry is [keyof typeof passedSettings, string] => entry[1] !== undefined,
  );
  loadConfig(Object.fromEntries(given), {}, { mode: 'stdio', warn: silent });
  return [
    ...(flags.sandbox ? ['--sandbox'] : []),
    ...(isReadOnly ? ['--read-only'] : []),
    ...(region === 'us' || flags.sandbox ? [] : ['--region', region]),
    ...given.flatMap(([name, value]) => [`--${passedSettings[name].flag}`, value]),
  ];
}

/** @throws ConfigError */
function assertUsable({ name }: PrintFlags): void {
  if (!/^[A-Za-z][\w-]{0,39}$/.test(name))
    throw new ConfigError('--name must be a letter and then letters, digits, - and _; at most 40.');
}

/** This program, as it was started. */
function ownProgram(): OwnProgram {
  const { execPath: node, platform } = process;
  return { node, platform, script: fileURLToPath(new URL('../cli.js', import.meta.url)) };
}
