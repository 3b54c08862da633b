import type { PinKind } from '../tools/pin-rule.ts';

/** What a caller is held to. What the name of its account means is remembered by the object; see `memoryOf`. */
export interface Pins {
  /** Id or name of the one account. */
  readonly account?: string | undefined;
  /** The one environment; together with an account, the one that the account must be in. */
  readonly environment?: 'test' | 'prod' | undefined;
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

/** What the name of a pinned account was first found to mean: a name that another account gets later is not followed. */
export interface NameMemory {
  /** The account's id, once it is known. */
  known(): string | undefined;
  /** Told which account the name leads to now; gives the id of the one that it means. */
  learn(account: { readonly id: string; readonly organization_id?: unknown }): string;
}

const memories = new WeakMap<Pins, NameMemory>();

/** What is remembered of the account that pins name: for the life of the object, unless more share it. */
export function nameMemoryOf(pins: Pins): NameMemory {
  const memory = memories.get(pins) ?? ownMemory();
  memories.set(pins, memory);
  return memory;
}

function ownMemory(): NameMemory {
  let id: string | undefined;
  return {
    known: () => id,
    learn: (account) => {
      id ??= account.id;
      return id;
    },
  };
}

/** Names of callers that are remembered; the oldest are forgotten first. */
const maxNames = 10_000;

/** What names of pinned accounts mean, for all callers of a server, as long as it runs. */
export interface PinnedNames {
  /**
   * Pins for one call.
   *
   * @param asker who means the name; `everybody` where all calls are made with one token
   * @param isOperators whether the operator has pinned the server to it: then it means the same account for everybody
   * of an organization
   */
  pinsFor(pins: Pins, asker: string, isOperators: boolean): Pins;
}

export function rememberPinnedNames(): PinnedNames {
  const ofAskers = new Map<string, string>();
  const ofOrganizations = new Map<string, string>();
  const memoryFor = (name: string, asker: string, isOperators: boolean): NameMemory => {
    const key = JSON.stringify([asker, name]);
    return {
      known: () => ofAskers.get(key),
      learn: ({ id, organization_id }) => {
        const ofOrganization = JSON.stringify([organization_id ?? null, name]);
        const known =
          ofAskers.get(key) ?? (isOperators ? ofOrganizations.get(ofOrganization) : undefined) ?? id;
        remember(ofAskers, key, known);
        if (isOperators) remember(ofOrganizations, ofOrganization, known);
        return known;
      },
    };
  };
  return {
    pinsFor: (pins, asker, isOperators) => {
      const own = { ...pins };
      if (pins.account !== undefined) memories.set(own, memoryFor(pins.account, asker, isOperators));
      return own;
    },
  };
}

function remember(names: Map<string, string>, key: string, id: string): void {
  names.set(key, id);
  const [oldest] = names.keys();
  if (names.size > maxNames && oldest !== undefined) names.delete(oldest);
}
