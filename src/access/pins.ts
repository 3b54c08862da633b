import { getOrCreate } from '../lib/get-or-create.ts';
import type { PinKind } from '../tools/pin-rule.ts';

/** A caller's pins. The account that a pinned name refers to is cached per object; see `pinnedAccountOf`. */
export interface Pins {
  /** Id or name of the pinned account. */
  readonly account?: string | undefined;
  /** The pinned environment. With a pinned account, that account must be in it. */
  readonly environment?: 'test' | 'prod' | undefined;
}

/**
 * Combines two sets of pins; `disjoint` if they contradict each other. An account's name and its id count as
 * disjoint, since comparing them would take a request.
 */
export function combinePins(one: Pins | undefined, other: Pins | undefined): Pins | undefined | 'disjoint' {
  if (!one || !other) return one ?? other;
  const differs = (name: 'account' | 'environment') =>
    one[name] !== undefined && other[name] !== undefined && one[name] !== other[name];
  if (differs('account') || differs('environment')) return 'disjoint';
  return { account: one.account ?? other.account, environment: one.environment ?? other.environment };
}

export function kindOf({ account, environment }: Pins): PinKind {
  if (account === undefined) return 'environment';
  return environment === undefined ? 'account' : 'both';
}

/**
 * Caches the account that a pinned name first resolved to. If another account gets the name later, the pin does not
 * follow it.
 */
export interface PinnedAccount {
  /** The account's id, once it is known. */
  known(): string | undefined;
  /** Records the account that the name resolves to now. Returns the id that the pin refers to. */
  record(account: { readonly id: string; readonly organization_id?: unknown }): string;
}

const accounts = new WeakMap<Pins, PinnedAccount>();

/** The cached account of these pins: for the life of the object, unless a `PinnedNames` shares it. */
export function pinnedAccountOf(pins: Pins): PinnedAccount {
  return getOrCreate(accounts, pins, unsharedAccount);
}

function unsharedAccount(): PinnedAccount {
  let id: string | undefined;
  return {
    known: () => id,
    record: (account) => {
      id ??= account.id;
      return id;
    },
  };
}

/** Maximum cached names; the oldest are dropped first. */
const maxNames = 10_000;

/** Resolved names of pinned accounts, shared by all callers of a server while it runs. */
export interface PinnedNames {
  /**
   * Returns pins for one call.
   *
   * @param asker whose name it is; `everybody` where all calls use one token
   * @param isOperators whether the operator pinned the server to it: then the name means the same account for
   * everyone in an organization
   */
  pinsFor(pins: Pins, asker: string, isOperators: boolean): Pins;
}

export function createPinnedNames(): PinnedNames {
  const byAsker = new Map<string, string>();
  const byOrganization = new Map<string, string>();
  const sharedAccount = (name: string, asker: string, isOperators: boolean): PinnedAccount => {
    const key = JSON.stringify([asker, name]);
    return {
      known: () => byAsker.get(key),
      record: ({ id, organization_id }) => {
        const organizationKey = JSON.stringify([organization_id ?? null, name]);
        const known =
          byAsker.get(key) ?? (isOperators ? byOrganization.get(organizationKey) : undefined) ?? id;
        cacheName(byAsker, key, known);
        if (isOperators) cacheName(byOrganization, organizationKey, known);
        return known;
      },
    };
  };
  return {
    pinsFor: (pins, asker, isOperators) => {
      const own = { ...pins };
      if (pins.account !== undefined) accounts.set(own, sharedAccount(pins.account, asker, isOperators));
      return own;
    },
  };
}

function cacheName(names: Map<string, string>, key: string, id: string): void {
  names.set(key, id);
  const [oldest] = names.keys();
  if (names.size > maxNames && oldest !== undefined) names.delete(oldest);
}
