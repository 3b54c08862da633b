import { loadConfig, type Warn } from '../../config/load-config.ts';
import { settings } from '../../config/settings.ts';

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

const silent: Warn = () => {};

/** The region that the flags or SYNQLY_REGION name. @throws ConfigError */
export function regionOf(flags: PrintFlags, environment: NodeJS.ProcessEnv): 'us' | 'eu' {
  const { SYNQLY_REGION } = environment;
  const region = flags.region === undefined ? {} : { region: flags.region };
  const variables = SYNQLY_REGION === undefined ? {} : { SYNQLY_REGION };
  return loadConfig(region, variables, { mode: 'stdio', warn: silent }).region.value;
}

/** The host of a self-hosted Synqly. @throws ConfigError */
export function hostOf({ baseUrl }: PrintFlags): string | undefined {
  if (baseUrl === undefined) return undefined;
  return loadConfig({ baseUrl }, {}, { mode: 'stdio', warn: silent }).baseUrl.value?.host;
}

/** The flags with which the client starts the server. @throws ConfigError */
export function serverFlags(flags: PrintFlags, region: string, isReadOnly: boolean): string[] {
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
