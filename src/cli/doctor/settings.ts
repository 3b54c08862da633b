import type { SettingDefinition } from '../../config/define-setting.ts';
import { type Config, ConfigError, loadConfig } from '../../config/load-config.ts';
import { settings } from '../../config/settings.ts';
import { findClosest } from '../../lib/did-you-mean.ts';
import { matchesPattern } from '../../lib/wildcard.ts';
import { type Check, failed, passed } from './check.ts';

type Definition = Pick<SettingDefinition<unknown>, 'flag' | 'env' | 'modes'>;
type Flags = Readonly<Record<string, string | boolean>>;

const definitions: Readonly<Record<string, Definition>> = settings;
const secrets: ReadonlySet<string> = new Set(['token', 'mcpToken', 'stateKey']);
const stores: ReadonlySet<string> = new Set(['tokenStore', 'stateStore']);

/** The settings, and what there is to say about them. */
export interface SettingsReport {
  /** Undefined if a variable is invalid: with a default in its place, a token could be sent to another host. */
  readonly config: Config | undefined;
  readonly checks: readonly Check[];
}

/**
 * Reads the settings, and finds all invalid variables where a server stops at the first.
 *
 * @throws ConfigError for an invalid flag
 */
export function checkSettings(flags: Flags, environment: NodeJS.ProcessEnv): SettingsReport {
  const warnings = new Set<string>();
  const invalid: Check[] = [];
  const rest = { ...environment };
  let config: Config | undefined;
  while (config === undefined) {
    try {
      config = loadConfig(flags, rest, { warn: (sentence) => warnings.add(sentence) });
    } catch (error) {
      const [variable = ''] = error instanceof ConfigError ? error.message.split(' ') : [];
      if (rest[variable] === undefined) throw error;
      delete rest[variable];
      const message = (error as Error).message;
      invalid.push(failed('settings', message, `Correct ${variable}, or unset it.`));
    }
  }
  const unset = [...warnings].map((warning) => {
    const [variable = ''] = warning.split(' ');
    return failed('settings', warning, `Give ${variable} a value, or unset it.`);
  });
  const problems = [...invalid, ...unset, ...misspelledVariables(config, environment)];
  if (invalid.length > 0) return { config: undefined, checks: problems };
  return { config, checks: [...describeSettings(config, flags, environment), ...problems] };
}

function describeSettings(config: Config, flags: Flags, environment: NodeJS.ProcessEnv): readonly Check[] {
  const mode = config.transport.value;
  const checks = Object.entries(definitions).flatMap(([name, { flag, env = '', modes }]) => {
    const { source } = config[name as keyof Config];
    if (source === 'default') return [];
    const isFlag = source === 'flag';
    const shown = shownValue(name, String((isFlag ? flags[name] : environment[env]) ?? ''));
    const remarks = [
      isFlag ? 'flag' : 'variable',
      ...(isFlag && environment[env] !== undefined ? [`overrides ${env}`] : []),
      ...(modes.includes(mode) ? [] : [`no effect over ${mode}`]),
    ];
    const setBy = isFlag ? `--${flag}` : env;
    return [
      passed('settings', `${setBy}: ${shown} (${remarks.join(', ')})`, {
        setting: name,
        source,
        name: setBy,
        value: shown,
      }),
    ];
  });
  return checks.length > 0 ? checks : [passed('settings', 'all defaults')];
}

const maxShown = 200;

/** The value as the user wrote it; of a secret, only that there is one. */
function shownValue(name: string, text: string): string {
  if (secrets.has(name)) return 'set';
  const shown = stores.has(name) ? withoutLogin(text.trim()) : text.trim();
  return shown.length > maxShown ? `${shown.slice(0, maxShown)}…` : shown;
}

/** A store without user, password and query, which may hold a password too. */
export function withoutLogin(store: string): string {
  if (!/^rediss?:\/\//i.test(store) || !URL.canParse(store)) return store;
  const { protocol, host, pathname } = new URL(store);
  return `${protocol}//${host}${pathname}`;
}

/** Variables that begin like ours and are nearly one of ours. Others may belong to another program. */
function misspelledVariables(config: Config, environment: NodeJS.ProcessEnv): readonly Check[] {
  const known = new Set(Object.values(definitions).flatMap(({ env }) => env ?? []));
  const names = [...known].map((name) => name.slice(prefix.length));
  return Object.keys(environment).flatMap((variable) => {
    if (!variable.startsWith(prefix) || known.has(variable)) return [];
    if (config.secretEnv.value.some((pattern) => matchesPattern(variable, pattern))) return [];
    const [closest] = findClosest(variable.slice(prefix.length), names, 1);
    if (closest === undefined || Math.abs(closest.length + prefix.length - variable.length) > 2) return [];
    const message = `${variable} is not a variable of this server.`;
    return [failed('settings', message, `If ${prefix}${closest} is meant, rename it.`)];
  });
}

const prefix = 'SYNQLY_';
