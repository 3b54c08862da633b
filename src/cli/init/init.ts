import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../config/load-config.ts';
import { findClosest } from '../../lib/did-you-mean.ts';
import { type ClientName, clientFolder, clientNames, clients } from '../clients/clients.ts';
import { setJson } from '../clients/edit-json.ts';
import { setToml } from '../clients/edit-toml.ts';
import { type OwnProgram, serverEntry } from '../clients/server-entry.ts';
import { openTerminal, type Person } from './ask.ts';
import { type Answers, askForAnswers, givenTokenFile } from './ask-for-answers.ts';
import {
  type ChangeOptions,
  ClientError,
  type PlannedChange,
  planEntry,
  planRemoval,
  thisMachine,
} from './configure-client.ts';
import { hostOf, type InitFlags, type PrintFlags, regionOf, serverFlags } from './server-flags.ts';
import { tokenFileOf } from './user-files.ts';

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
    const answers = flags.remove ? undefined : await askForAnswers(flags, person, environment);
    const plan = (options: ChangeOptions) =>
      answers ? planEntry(options, answers.choices) : planRemoval(options);
    let failures = 0;
    for (const name of chosen) {
      const options = {
        client: name,
        name: flags.name,
        force: flags.force === true,
        environment,
        program: ownProgram(),
      };
      const isDone = await carryOut(await plan(options).catch(asClientError), {
        flags,
        person,
        print,
        saveToken: answers?.saveToken,
      });
      if (isDone && !flags.remove) print(clients[name].afterwards);
      failures += isDone === undefined ? 1 : 0;
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
  readonly saveToken: Answers['saveToken'] | undefined;
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
    const saved = await saveToken?.();
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
