import { missingReason } from '../lib/unfilled-placeholder.ts';
import type { Mode, SettingDefinition } from './define-setting.ts';
import { regions, settings } from './settings.ts';

/** The source of a setting's value. */
export type Source = 'flag' | 'environment' | 'default';

export interface Setting<Value> {
  readonly value: Value;
  readonly source: Source;
}

type Settings = typeof settings;

/** All settings with their values and sources. */
export type Config = {
  readonly [Name in keyof Settings]: Setting<
    Settings[Name] extends SettingDefinition<infer Value> ? Value : never
  >;
};

/** An invalid setting. The message names it, but never its value if that may be secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads all settings: a flag overrides the environment, the environment overrides the default. A variable that is
 * empty or holds an unfilled placeholder counts as unset; such a flag is an error.
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

/** Options of `loadConfig`. */
export interface ReadOptions {
  /** The program's mode; by default the server over the configured transport. */
  readonly mode?: Mode;
  /** Called with a sentence for each variable that counts as unset. */
  readonly warn?: Warn;
}

/** Prints a warning for the person who starts the program. */
export type Warn = (sentence: string) => void;

/** Rejects flags without effect, which may have been meant to protect something. @throws ConfigError */
function assertEffective(config: Config, mode: Mode): void {
  for (const [name, { flag, modes }] of Object.entries<Pick<SettingDefinition<unknown>, 'flag' | 'modes'>>(
    settings,
  )) {
    if (config[name as keyof Config].source !== 'flag' || modes.includes(mode)) continue;
    throw new ConfigError(`--${flag} has no effect ${modeNames[mode]}${otherModeHint(modes)}.`);
  }
}

const modeNames: Readonly<Record<Mode, string>> = {
  stdio: 'over stdio',
  http: 'over HTTP',
  connect: 'with connect: it is a setting of the server at the URL',
  tools: 'with tools',
  token: 'with token',
};

function otherModeHint(modes: readonly Mode[]): string {
  return modes.length === 1 && modes[0] === 'http' ? ': add --transport http, or omit the flag' : '';
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
    if (isEmptyList(value)) throw new ConfigError(`--${flagName} is an empty list.`);
    return { value, source: 'flag' };
  }
  const text = env === undefined ? undefined : readVariable(env, environment, warn);
  const value = text === undefined ? undefined : parseAs(`${env}`, definition.parse, text);
  if (isEmptyList(value)) warn(`${env} is an empty list and counts as unset.`);
  return value === undefined || isEmptyList(value)
    ? { value: fallback, source: 'default' }
    : { value, source: 'environment' };
}

const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0;

/** The text of a flag. @throws ConfigError when it is empty: it may have been meant to restrict access */
export function readFlag(name: string, text: string, parse?: (text: string) => unknown): string {
  const fault = missingReason(text);
  if (fault === undefined) return text;
  const more = fault === missingReason('') ? parserMessage(parse) : '';
  throw new ConfigError(`${name} ${fault}${more}. Give it a value, or omit it.`);
}

/** The parser's message for an empty value. */
function parserMessage(parse: ((text: string) => unknown) | undefined): string {
  try {
    parse?.('');
    return '';
  } catch (error) {
    return `: ${(error as Error).message}`;
  }
}

/** The text of a variable; undefined, with a warning, if it is empty or a placeholder. */
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

/** The base URL of the Management API. */
export function baseUrlOf(config: Config): URL {
  return config.baseUrl.value ?? new URL(regions[config.region.value]);
}
