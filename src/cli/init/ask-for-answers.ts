import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ConfigError, readVariable } from '../../config/load-config.ts';
import { settings } from '../../config/settings.ts';
import { checkToken } from '../../synqly/token-source.ts';
import { describeFileError } from '../clients/client-file.ts';
import type { ServerChoices } from '../clients/server-entry.ts';
import type { Person } from './ask.ts';
import { ClientError } from './configure-client.ts';
import { hostOf, type InitFlags, regionOf, serverFlags } from './server-flags.ts';
import { configDirectory, tokenFileOf, writeTokenFile } from './user-files.ts';

/** What the person wants, and how to write the token file. */
export interface Answers {
  readonly choices: ServerChoices;
  /** Writes the token file. Returns a sentence for the person, if it did. */
  readonly saveToken: () => Promise<string | undefined>;
}

/** Asks for what the flags do not say. Without a person, the defaults count. @throws ConfigError */
export async function askForAnswers(
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

/** The file that SYNQLY_TOKEN_FILE names. @throws ConfigError */
export function givenTokenFile(environment: NodeJS.ProcessEnv): string | undefined {
  const text = readVariable('SYNQLY_TOKEN_FILE', environment, () => {});
  return text === undefined ? undefined : settings.tokenFile.parse(text);
}
