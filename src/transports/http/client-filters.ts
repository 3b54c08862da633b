import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { combinePins, type Pins } from '../../access/pins.ts';
import type { Policy } from '../../access/policy.ts';
import type { Selection } from '../../access/toolsets.ts';
import { unknownIn } from '../../access/visibility.ts';
import type { Caller } from '../../auth/authenticate.ts';
import type { Config } from '../../config/load-config.ts';
import { parseBoolean, parseChoice, parseNamePatterns, parsePatterns } from '../../config/parsers.ts';
import { closest } from '../../lib/did-you-mean.ts';
import { emptiness } from '../../lib/unfilled-placeholder.ts';
import type { Refusal } from './host-guard.ts';

/** Headers by which a client leaves out, for itself, some of what its token and the server's settings leave. */
export const narrowingHeaders = [
  'synqly-groups',
  'synqly-allow',
  'synqly-deny',
  'synqly-read-only',
  'synqly-account',
  'synqly-environment',
] as const;

/** What a client leaves out for itself. It can only narrow: what is left out elsewhere stays out. */
export interface Narrowing {
  readonly selection: Selection;
  readonly readOnly: boolean;
  readonly pins: Pins | undefined;
  /** The same for the same narrowing. */
  readonly key: string;
}

type Name = (typeof narrowingHeaders)[number];

const isNarrowing = (name: string): name is Name => narrowingHeaders.some((known) => known === name);
type Settings = Pick<Config, 'groups' | 'allow' | 'deny' | 'readOnly' | 'account' | 'environment'>;

/** The headers that say what settings say: a bridge has no other way to hold its client to them. */
export function headersOf(config: Settings): Readonly<Record<string, string>> {
  const { groups, allow, deny, readOnly, account, environment } = config;
  const values: Readonly<Record<Name, string | undefined>> = {
    'synqly-groups': groups.value.join(','),
    'synqly-allow': allow.value.join(','),
    'synqly-deny': deny.value.join(','),
    'synqly-read-only': readOnly.value ? 'true' : undefined,
    'synqly-account': account.value,
    'synqly-environment': environment.value,
  };
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [Name, string] => Boolean(entry[1])),
  );
}

/** Every header with this beginning is for this server: one that it does not know may have been meant to narrow. */
const ownPrefix = /^synqly[-_]/;
const plainName = (name: string) => name.replace(/^(x[-_])?synqly/, '').replaceAll(/[-_]/g, '');

/** Whether a header was meant for this server and is none of its own, be it with `X-` or with underscores. */
function isMistaken(name: string): boolean {
  if (isNarrowing(name)) return false;
  return ownPrefix.test(name) || narrowingHeaders.some((known) => plainName(known) === plainName(name));
}

/** What an unknown header was likely meant to be. */
function unknownHeader(name: string): string {
  const same = narrowingHeaders.find((known) => plainName(known) === plainName(name));
  const names = narrowingHeaders.map((known) => known.replace(ownPrefix, ''));
  const [alike] = closest(name.replace(ownPrefix, ''), names);
  const near = same ?? (alike === undefined ? undefined : `synqly-${alike}`);
  const shown = name.slice(0, 60);
  return near === undefined
    ? `There is no header ${shown}; there are ${narrowingHeaders.join(', ')}.`
    : `There is no header ${shown}; did you mean ${near}?`;
}

/** Reads the headers that narrow; undefined where there are none, a refusal where one cannot be understood. */
function readNarrowing(headers: IncomingHttpHeaders): Narrowing | Refusal | undefined {
  // Nearly all requests have none.
  const own = Object.keys(headers).filter((name) => name.includes('synqly'));
  if (own.length === 0) return undefined;
  const unknown = own.find(isMistaken);
  if (unknown !== undefined) return { status: 400, message: unknownHeader(unknown) };
  if (!own.some(isNarrowing)) return undefined;
  const given = new Map(narrowingHeaders.map((name) => [name, textOf(headers[name])]));
  const read = <Value>(name: Name, parse: (text: string) => Value): Value | undefined => {
    const text = given.get(name);
    if (text === undefined) return undefined;
    // It may have been meant to narrow: taken for absent, it would open what it was to close.
    const fault = emptiness(text);
    if (fault !== undefined) throw new Error(`${name} ${fault}: give it a value, or leave it out.`);
    try {
      const value = parse(text);
      if (Array.isArray(value) && value.length === 0) throw new Error('names nothing');
      return value;
    } catch (error) {
      throw new Error(`${name} ${(error as Error).message}.`);
    }
  };
  try {
    const selection = {
      groups: read('synqly-groups', parseNamePatterns) ?? [],
      allow: read('synqly-allow', parsePatterns) ?? [],
      deny: read('synqly-deny', parsePatterns) ?? [],
    };
    const unknown = unknownIn(selection);
    if (unknown.length > 0)
      throw new Error(`The headers name no tool or group there is: ${unknown.join(', ')}.`);
    const account = read('synqly-account', parseAccount);
    const environment = read('synqly-environment', (text) => parseChoice(text, ['test', 'prod'] as const));
    const isPinned = account !== undefined || environment !== undefined;
    return {
      selection,
      readOnly: read('synqly-read-only', parseBoolean) ?? false,
      pins: isPinned ? { account, environment } : undefined,
      key: createHash('sha256')
        .update(JSON.stringify([...given]))
        .digest('base64url'),
    };
  } catch (error) {
    return { status: 400, message: (error as Error).message };
  }
}

/** Characters of an account's id or name. */
const longestAccount = 500;

function parseAccount(text: string): string {
  if (text.length > longestAccount) throw new Error(`must have at most ${longestAccount} characters`);
  return text;
}

function textOf(header: string | string[] | undefined): string | undefined {
  return header === undefined ? undefined : [header].flat().join(',').trim();
}

/** The policy with what a client leaves out for itself. */
export function narrowPolicy(policy: Policy, narrowing: Narrowing | undefined): Policy {
  if (!narrowing) return policy;
  const selection = { ...narrowing.selection, within: policy.selection };
  return { ...policy, selection, readOnly: policy.readOnly || narrowing.readOnly };
}

/** A caller with what its client leaves out. */
export interface Narrowed {
  readonly caller: Caller;
  readonly narrowing: Narrowing | undefined;
  /** Of the token and the narrowing: whoever has the same one is served alike. */
  readonly key: string;
}

/** Holds a caller to the headers of its request as well; a refusal where nothing is left, or one cannot be understood. */
export function narrowCaller(caller: Caller, headers: IncomingHttpHeaders): Narrowed | Refusal {
  const narrowing = readNarrowing(headers);
  if (!narrowing) return { caller, narrowing, key: caller.hash };
  if ('status' in narrowing) return narrowing;
  const key = `${caller.hash} ${narrowing.key}`;
  if (!narrowing.pins) return { caller, narrowing, key };
  const pins = combinePins(caller.pins, narrowing.pins);
  if (pins !== 'apart') return { caller: { ...caller, pins }, narrowing, key };
  return {
    status: 403,
    message: 'The headers pin to something outside what this token or server is pinned to.',
  };
}
