import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { combinePins, type Pins } from '../../access/pins.ts';
import type { Policy } from '../../access/policy.ts';
import type { ToolsetFilter } from '../../access/toolsets.ts';
import { unknownToolsets } from '../../access/visibility.ts';
import type { Caller } from '../../auth/authenticate.ts';
import type { Config } from '../../config/load-config.ts';
import { parseBoolean, parseChoice, parseNamePatterns, parsePatterns } from '../../config/parsers.ts';
import { type SurfaceKind, surfaces } from '../../config/settings.ts';
import { findClosest } from '../../lib/did-you-mean.ts';
import { emptiness } from '../../lib/unfilled-placeholder.ts';
import type { Rejection } from './host-guard.ts';

/** Headers by which a client leaves out, for itself, some of what its token and the server's settings leave. */
export const filterHeaders = [
  'synqly-toolsets',
  'synqly-allow',
  'synqly-deny',
  'synqly-read-only',
  'synqly-account',
  'synqly-environment',
  'synqly-surface',
] as const;

/** What a client leaves out for itself. It can only narrow: what is left out elsewhere stays out. */
export interface RequestFilters {
  readonly toolsetFilter: ToolsetFilter;
  readonly readOnly: boolean;
  readonly pins: Pins | undefined;
  /** The surface that the client asks for; it shows the same operations another way. */
  readonly surface: SurfaceKind | undefined;
  /** The same for the same filters. */
  readonly key: string;
}

type Name = (typeof filterHeaders)[number];

const isFilterHeader = (name: string): name is Name => filterHeaders.some((known) => known === name);
type Settings = Pick<
  Config,
  'toolsets' | 'allow' | 'deny' | 'readOnly' | 'account' | 'environment' | 'surface'
>;

/** The headers that say what settings say: a bridge has no other way to hold its client to them. */
export function headersOf(config: Settings): Readonly<Record<string, string>> {
  const { toolsets, allow, deny, readOnly, account, environment, surface } = config;
  const values: Readonly<Record<Name, string | undefined>> = {
    'synqly-toolsets': toolsets.value.join(','),
    'synqly-allow': allow.value.join(','),
    'synqly-deny': deny.value.join(','),
    'synqly-read-only': readOnly.value ? 'true' : undefined,
    'synqly-account': account.value,
    'synqly-environment': environment.value,
    'synqly-surface': surface.source === 'default' ? undefined : surface.value,
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
  if (isFilterHeader(name)) return false;
  return ownPrefix.test(name) || filterHeaders.some((known) => plainName(known) === plainName(name));
}

/** What an unknown header was likely meant to be. */
function unknownHeader(name: string): string {
  const same = filterHeaders.find((known) => plainName(known) === plainName(name));
  const names = filterHeaders.map((known) => known.replace(ownPrefix, ''));
  const [alike] = findClosest(name.replace(ownPrefix, ''), names);
  const near = same ?? (alike === undefined ? undefined : `synqly-${alike}`);
  const shown = name.slice(0, 60);
  return near === undefined
    ? `There is no header ${shown}; there are ${filterHeaders.join(', ')}.`
    : `There is no header ${shown}; did you mean ${near}?`;
}

/** Reads the headers that narrow; undefined where there are none, a refusal where one cannot be understood. */
function readFilters(headers: IncomingHttpHeaders): RequestFilters | Rejection | undefined {
  // Nearly all requests have none.
  const own = Object.keys(headers).filter((name) => name.includes('synqly'));
  if (own.length === 0) return undefined;
  const unknown = own.find(isMistaken);
  if (unknown !== undefined) return { status: 400, message: unknownHeader(unknown) };
  if (!own.some(isFilterHeader)) return undefined;
  const given = new Map(filterHeaders.map((name) => [name, textOf(headers[name])]));
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
    const toolsetFilter = {
      toolsets: read('synqly-toolsets', parseNamePatterns) ?? [],
      allow: read('synqly-allow', parsePatterns) ?? [],
      deny: read('synqly-deny', parsePatterns) ?? [],
    };
    const unknown = unknownToolsets(toolsetFilter);
    if (unknown.length > 0)
      throw new Error(`The headers name no tool or group there is: ${unknown.join(', ')}.`);
    const account = read('synqly-account', parseAccount);
    const environment = read('synqly-environment', (text) => parseChoice(text, ['test', 'prod'] as const));
    const surface = read('synqly-surface', (text) => parseChoice(text, surfaces));
    const isPinned = account !== undefined || environment !== undefined;
    return {
      toolsetFilter,
      readOnly: read('synqly-read-only', parseBoolean) ?? false,
      pins: isPinned ? { account, environment } : undefined,
      surface,
      key: createHash('sha256')
        .update(JSON.stringify([...given]))
        .digest('base64url'),
    };
  } catch (error) {
    return { status: 400, message: (error as Error).message };
  }
}

/** Characters of an account's id or name. */
const maxAccountLength = 500;

function parseAccount(text: string): string {
  if (text.length > maxAccountLength) throw new Error(`must have at most ${maxAccountLength} characters`);
  return text;
}

function textOf(header: string | string[] | undefined): string | undefined {
  return header === undefined ? undefined : [header].flat().join(',').trim();
}

/** The policy with what a client leaves out for itself. */
export function applyFiltersToPolicy(policy: Policy, filters: RequestFilters | undefined): Policy {
  if (!filters) return policy;
  const toolsetFilter = { ...filters.toolsetFilter, within: policy.toolsetFilter };
  return { ...policy, toolsetFilter, readOnly: policy.readOnly || filters.readOnly };
}

/** A caller with what its client leaves out. */
export interface FilteredCaller {
  readonly caller: Caller;
  readonly filters: RequestFilters | undefined;
  /** Of the token and the filters: whoever has the same one is served alike. */
  readonly key: string;
}

/** Holds a caller to the headers of its request as well; a refusal where nothing is left, or one cannot be understood. */
export function applyClientFilters(caller: Caller, headers: IncomingHttpHeaders): FilteredCaller | Rejection {
  const filters = readFilters(headers);
  if (!filters) return { caller, filters, key: caller.hash };
  if ('status' in filters) return filters;
  const key = `${caller.hash} ${filters.key}`;
  if (!filters.pins) return { caller, filters, key };
  const pins = combinePins(caller.pins, filters.pins);
  if (pins !== 'apart') return { caller: { ...caller, pins }, filters, key };
  return {
    status: 403,
    message: 'The headers pin to something outside what this token or server is pinned to.',
  };
}
