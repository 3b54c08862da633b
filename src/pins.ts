import type { Config } from './config.ts';

/** What a caller is held to. One object for one caller: what its account is called is remembered by it. */
export interface Pins {
  /** Id or name of the one account. */
  readonly account?: string | undefined;
  /** The one environment; together with an account, the one that the account must be in. */
  readonly environment?: 'test' | 'prod' | undefined;
}

/** Pins are of three kinds as far as lists and schemas go; whatever else is computed once for each. */
export type PinKind = 'account' | 'environment' | 'both';

/** The pins that the settings name; undefined when they name none. */
export function pinsOf(config: Pick<Config, 'account' | 'environment'>): Pins | undefined {
  const [account, environment] = [config.account.value, config.environment.value];
  return account === undefined && environment === undefined ? undefined : { account, environment };
}

/**
 * Both pins at once; `apart` when nothing can be inside both. An account by name and the same one by id count as apart:
 * which is which is not known without asking.
 */
export function combinePins(one: Pins | undefined, other: Pins | undefined): Pins | undefined | 'apart' {
  if (!one || !other) return one ?? other;
  const isApart = (name: 'account' | 'environment') =>
    one[name] !== undefined && other[name] !== undefined && one[name] !== other[name];
  if (isApart('account') || isApart('environment')) return 'apart';
  return { account: one.account ?? other.account, environment: one.environment ?? other.environment };
}

export function kindOf({ account, environment }: Pins): PinKind {
  if (account === undefined) return 'environment';
  return environment === undefined ? 'account' : 'both';
}
