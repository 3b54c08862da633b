import type { Definition } from './setting.ts';
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
  readonly [Name in keyof Settings]: Setting<Settings[Name] extends Definition<infer Value> ? Value : never>;
};

/** A setting that cannot be used. The message names it, and never its value when that may be a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads all settings: a flag wins over the environment, the environment over the default. An empty variable counts as unset.
 *
 * @param flags values from the command line by setting name; `true` for a flag without a value
 * @throws ConfigError
 */
export function readConfig(
  flags: Readonly<Partial<Record<string, string | boolean>>>,
  environment: NodeJS.ProcessEnv,
): Config {
  const entries = Object.entries(settings).map(([name, definition]) => [
    name,
    readSetting(definition as Definition<unknown>, flags[name], environment),
  ]);
  return Object.fromEntries(entries) as Config;
}

function readSetting(
  definition: Definition<unknown>,
  flag: string | boolean | undefined,
  environment: NodeJS.ProcessEnv,
): Setting<unknown> {
  const { flag: flagName, env, fallback } = definition;
  if (flag !== undefined)
    return { value: parseAs(`--${flagName}`, definition, String(flag)), source: 'flag' };
  const text = env === undefined ? undefined : environment[env]?.trim();
  if (text) return { value: parseAs(`${env}`, definition, text), source: 'environment' };
  return { value: fallback, source: 'default' };
}

function parseAs(name: string, definition: Definition<unknown>, text: string): unknown {
  try {
    return definition.parse(text);
  } catch (error) {
    throw new ConfigError(`${name} ${(error as Error).message}.`);
  }
}

/** The base URL that the settings name. */
export function baseUrlOf(config: Config): URL {
  return config.baseUrl.value ?? new URL(regions[config.region.value]);
}
