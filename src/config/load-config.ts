import { missingReason } from '../lib/unfilled-placeholder.ts';
import type { Mode, SettingDefinition } from './define-setting.ts';
import { regions, settings } from './settings.ts';

/** Where a setting's value came from. */
export type Source = 'flag' | 'environment' | 'default';

export interface Setting<Value> {
  readonly value: Value;
  readonly source: Source;
}

type Settings = typeof settings;

/** All settings with the value of each and where it came from. */
export type Config = {
  readonly [Name in keyof Settings]: Setting<
    Settings[Name] extends SettingDefinition<infer Value> ? Value : never
  >;
};

/** A setting that cannot be used. The message names it, and never its value when that may be a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads all settings: a flag wins over the environment, the environment over the default. A variable that is empty, or
 * holds a placeholder that its client did not fill in, counts as unset; a flag like that is refused.
 *
 * @param flags values from the command line by setting name; `true` for a flag without a value
 * @throws ConfigError also for a flag that has no effect in the mode
 */
export function loadConfig(
  flags: Readonly<Partial<Record<string, string | boolean>>>,
  environment: NodeJS.ProcessEnv,
  { mode, warn = () => {} }: ReadOptions = {},
): Config {
  const entries = Object.entries(settings).map(([name, definition]) => [
    name,
    readSetting(definition as SettingDefinition<unknown>, flags[name], environment, warn),
  ]);
  const config = Object.fromEntries(entries) as Config;
  assertEffective(config, mode ?? config.transport.value);
  return config;
}

/** How settings are read. */
export interface ReadOptions {
  /** What the program is started as; without it, the server over the transport that the settings name. */
  readonly mode?: Mode;
  /** Receives a sentence for each variable that counts as unset. */
  readonly warn?: Warn;
}

/** Writes a sentence for whoever started the program. */
export type Warn = (sentence: string) => void;

/** A flag that is ignored may have been meant to protect something. @throws ConfigError */
function assertEffective(config: Config, mode: Mode): void {
  for (const [name, { flag, modes }] of Object.entries<Pick<SettingDefinition<unknown>, 'flag' | 'modes'>>(
    settings,
  )) {
    if (config[name as keyof Config].source !== 'flag' || modes.includes(mode)) continue;
    throw new ConfigError(`--${flag} has no effect ${modeNames[mode]}${elsewhere(modes)}.`);
  }
}

const modeNames: Readonly<Record<Mode, string>> = {
  stdio: 'over stdio',
  http: 'over HTTP',
  connect: 'with connect: the server at the URL decides it',
  tools: 'with tools',
  token: 'with token',
};

function elsewhere(modes: readonly Mode[]): string {
  return modes.length === 1 && modes[0] === 'http' ? ': add --transport http, or leave it out' : '';
}

function readSetting(
  definition: SettingDefinition<unknown>,
  flag: string | boolean | undefined,
  environment: NodeJS.ProcessEnv,
  warn: Warn,
): Setting<unknown> {
  const { flag: flagName, env, fallback } = definition;
  if (flag !== undefined) {
    const text = readFlag(`--${flagName}`, String(flag), definition.parse);
    const value = parseAs(`--${flagName}`, definition.parse, text);
    if (definition.checkFlag) parseAs(`--${flagName}`, definition.checkFlag, text);
    if (isEmptyList(value)) throw new ConfigError(`--${flagName} names nothing.`);
    return { value, source: 'flag' };
  }
  const text = env === undefined ? undefined : readVariable(env, environment, warn);
  const value = text === undefined ? undefined : parseAs(`${env}`, definition.parse, text);
  if (isEmptyList(value)) warn(`${env} names nothing, and counts as unset.`);
  return value === undefined || isEmptyList(value)
    ? { value: fallback, source: 'default' }
    : { value, source: 'environment' };
}

const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0;

/** The text of a flag. @throws ConfigError when it says nothing: it may have been meant to narrow */
export function readFlag(name: string, text: string, parse?: (text: string) => unknown): string {
  const fault = missingReason(text);
  if (fault === undefined) return text;
  const more = fault === missingReason('') ? wanted(parse) : '';
  throw new ConfigError(`${name} ${fault}${more}. Give it a value, or leave it out.`);
}

/** What a setting says of itself where it is given nothing. */
function wanted(parse: ((text: string) => unknown) | undefined): string {
  try {
    parse?.('');
    return '';
  } catch (error) {
    return `: ${(error as Error).message}`;
  }
}

/** The text of a variable; undefined where it says nothing, which is told. */
export function readVariable(name: string, environment: NodeJS.ProcessEnv, warn: Warn): string | undefined {
  const text = environment[name];
  if (text === undefined) return undefined;
  const fault = missingReason(text);
  if (fault === undefined) return text.trim();
  warn(`${name} ${fault}; it counts as unset.`);
  return undefined;
}

function parseAs(name: string, parse: (text: string) => unknown, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new ConfigError(`${name} ${(error as Error).message}.`);
  }
}

/** The base URL that the settings name. */
export function baseUrlOf(config: Config): URL {
  return config.baseUrl.value ?? new URL(regions[config.region.value]);
}
