import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { combinePins, type Pins } from '../../access/pins.ts';
import type { Policy } from '../../access/policy.ts';
import type { ToolsetFilter } from '../../access/toolsets.ts';
import { toolsetNames, unknownToolsets } from '../../access/visibility.ts';
import type { Caller } from '../../auth/authenticate.ts';
import type { Config } from '../../config/load-config.ts';
import { parseBoolean, parseChoice, parseNamePatterns, parsePatterns } from '../../config/parsers.ts';
import { type SurfaceKind, surfaces } from '../../config/settings.ts';
import { findClosest } from '../../lib/did-you-mean.ts';
import { missingReason } from '../../lib/unfilled-placeholder.ts';
import type { Rejection } from './host-guard.ts';
import { readParameters } from './url-parameters.ts';

/**
 * Headers by which a client restricts its own access further than its token and the server's settings do. The same
 * names are parameters of the URL.
 */
export const filterHeaders = [
  'synqly-toolsets',
  'synqly-allow',
  'synqly-deny',
  'synqly-read-only',
  'synqly-account',
  'synqly-environment',
  'synqly-surface',
] as const;

/** Headers with this prefix are for this server. An unknown one is an error, since it may be a misspelt restriction. */
const ownPrefix = /^synqly[-_]/;

type Name = (typeof filterHeaders)[number];

/** The parameters of the URL with the same effects as the headers: `read_only` for `synqly-read-only`. */
const parameterOf = (name: Name) => name.replace(ownPrefix, '').replaceAll('-', '_');

/** A client's own restrictions. They never add access. */
export interface RequestFilters {
  /** Those of the headers and of the URL: an operation must match all. */
  readonly toolsetFilters: readonly ToolsetFilter[];
  readonly readOnly: boolean;
  readonly pins: Pins | undefined;
  /** The surface that the client asks for; it presents the same operations differently. */
  readonly surface: SurfaceKind | undefined;
  /** Equal for equal filters. */
  readonly key: string;
}

const isFilterHeader = (name: string): name is Name => filterHeaders.some((known) => known === name);
type Settings = Pick<
  Config,
  'toolsets' | 'allow' | 'deny' | 'readOnly' | 'account' | 'environment' | 'surface'
>;

/** The headers for a config's filters: `connect` sends them to the gateway, to hold its client to the settings. */
export function filterHeadersFor(config: Settings): Readonly<Record<string, string>> {
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

const plainName = (name: string) => name.replace(/^(x[-_])?synqly/, '').replaceAll(/[-_]/g, '');

/** Whether a header looks like one of ours but is not, such as with an `X-` prefix or underscores. */
function isUnknownFilterHeader(name: string): boolean {
  if (isFilterHeader(name)) return false;
  return ownPrefix.test(name) || filterHeaders.some((known) => plainName(known) === plainName(name));
}

/** The error message for an unknown header, with the likely intended name. */
function unknownHeaderMessage(name: string): string {
  const same = filterHeaders.find((known) => plainName(known) === plainName(name));
  const names = filterHeaders.map((known) => known.replace(ownPrefix, ''));
  const [closest] = findClosest(name.replace(ownPrefix, ''), names);
  const suggestion = same ?? (closest === undefined ? undefined : `synqly-${closest}`);
  const shown = name.slice(0, 60);
  return suggestion === undefined
    ? `The header ${shown} is unknown. Use only ${filterHeaders.join(', ')}.`
    : `The header ${shown} is unknown. Did you mean ${suggestion}?`;
}

/** Where a client has written its filters. */
interface FilterSource {
  readonly given: ReadonlyMap<Name, string>;
  readonly noun: 'headers' | 'URL';
  /** How an error names a filter. */
  readonly label: (name: Name) => string;
}

/** Reads the filter headers: undefined if there are none. */
function readHeaders(headers: IncomingHttpHeaders): FilterSource | Rejection | undefined {
  // Most requests have none.
  const own = Object.keys(headers).filter((name) => name.includes('synqly'));
  if (own.length === 0) return undefined;
  const unknown = own.find(isUnknownFilterHeader);
  if (unknown !== undefined) return { status: 400, message: unknownHeaderMessage(unknown) };
  const given = new Map(
    own.filter(isFilterHeader).map((name) => [name, [headers[name]].flat().join(',').trim()]),
  );
  return given.size === 0 ? undefined : { given, noun: 'headers', label: (name) => name };
}

const parameters = new Map(filterHeaders.map((name) => [parameterOf(name), name]));
const parameterNames = [...parameters.keys()];

/** Reads the filters in the URL: undefined if there are none. */
function readUrl(url: string): FilterSource | Rejection | undefined {
  const read = readParameters(url, parameterNames);
  if (read === undefined || 'status' in read) return read;
  const given = new Map([...read].map(([name, value]) => [parameters.get(name) as Name, value]));
  return { given, noun: 'URL', label: (name) => `${parameterOf(name)} in the URL` };
}

/** @throws Error that says which value is wrong */
function parseFilters({ given, noun, label }: FilterSource) {
  const read = <Value>(name: Name, parse: (text: string) => Value): Value | undefined => {
    const text = given.get(name);
    if (text === undefined) return undefined;
    // An empty value is an error: ignoring it would lift a restriction that the client meant to set.
    const fault = missingReason(text);
    if (fault !== undefined) throw new Error(`${label(name)} ${fault}: give it a value, or omit it.`);
    try {
      const value = parse(text);
      if (Array.isArray(value) && value.length === 0) throw new Error('is empty');
      return value;
    } catch (error) {
      throw new Error(`${label(name)} ${(error as Error).message}.`);
    }
  };
  const toolsetFilter = {
    toolsets: read('synqly-toolsets', parseNamePatterns) ?? [],
    allow: read('synqly-allow', parsePatterns) ?? [],
    deny: read('synqly-deny', parsePatterns) ?? [],
  };
  const unknown = unknownToolsets(toolsetFilter);
  if (unknown.length > 0) {
    const verb = noun === 'URL' ? 'names' : 'name';
    throw new Error(
      `The ${noun} ${verb} an unknown tool or toolset: ${unknown.join(', ')}. Toolsets are ${toolsetNames.join(', ')}.`,
    );
  }
  const account = read('synqly-account', parseAccount);
  const environment = read('synqly-environment', (text) => parseChoice(text, ['test', 'prod'] as const));
  const isPinned = account !== undefined || environment !== undefined;
  return {
    toolsetFilter,
    readOnly: read('synqly-read-only', parseBoolean) ?? false,
    pins: isPinned ? { account, environment } : undefined,
    surface: read('synqly-surface', (text) => parseChoice(text, surfaces)),
  };
}

/**
 * Reads a client's filters from the headers and the URL, which both apply. Undefined if there are none, a rejection if
 * one is invalid or they contradict each other.
 */
function readFilters(headers: IncomingHttpHeaders, url: string): RequestFilters | Rejection | undefined {
  const [fromHeaders, fromUrl] = [readHeaders(headers), readUrl(url)];
  if (fromHeaders && 'status' in fromHeaders) return fromHeaders;
  if (fromUrl && 'status' in fromUrl) return fromUrl;
  const sources = [fromHeaders, fromUrl].filter((source) => source !== undefined);
  if (sources.length === 0) return undefined;
  try {
    const parsed = sources.map(parseFilters);
    const pins = combinePins(parsed[0]?.pins, parsed[1]?.pins);
    if (pins === 'disjoint')
      throw new Error('The URL and the headers pin different accounts or environments: pin in one of them.');
    const [surface, other = surface] = parsed.flatMap((one) => one.surface ?? []);
    if (other !== surface) throw new Error('The URL and the headers name different surfaces: name one.');
    return {
      toolsetFilters: parsed.map(({ toolsetFilter }) => toolsetFilter),
      readOnly: parsed.some(({ readOnly }) => readOnly),
      pins,
      surface,
      key: keyOf(sources),
    };
  } catch (error) {
    return { status: 400, message: (error as Error).message };
  }
}

/** The order in which the filters are written does not matter. */
function keyOf(sources: readonly FilterSource[]): string {
  const values = sources.map(({ given }) => filterHeaders.map((name) => given.get(name) ?? null));
  return createHash('sha256').update(JSON.stringify(values)).digest('base64url');
}

/** Maximum characters of an account's id or name. */
const maxAccountLength = 500;

function parseAccount(text: string): string {
  if (text.length > maxAccountLength) throw new Error(`must have at most ${maxAccountLength} characters`);
  return text;
}

/** Applies a client's filters to the policy. */
export function applyFiltersToPolicy(policy: Policy, filters: RequestFilters | undefined): Policy {
  if (!filters) return policy;
  const toolsetFilter = filters.toolsetFilters.reduce<ToolsetFilter>(
    (within, filter) => ({ ...filter, within }),
    policy.toolsetFilter,
  );
  return { ...policy, toolsetFilter, readOnly: policy.readOnly || filters.readOnly };
}

/** A caller with its client's filters. */
export interface FilteredCaller {
  readonly caller: Caller;
  readonly filters: RequestFilters | undefined;
  /** Identifies the token and the filters: requests with the same key get the same server. */
  readonly key: string;
}

/**
 * Applies the filters in a request's headers and URL to its caller. Rejects invalid ones, and pins that contradict the
 * caller's.
 */
export function applyClientFilters(
  caller: Caller,
  { headers, url = '' }: Pick<IncomingMessage, 'headers' | 'url'>,
): FilteredCaller | Rejection {
  const filters = readFilters(headers, url);
  if (!filters) return { caller, filters, key: caller.hash };
  if ('status' in filters) return filters;
  const key = `${caller.hash} ${filters.key}`;
  if (!filters.pins) return { caller, filters, key };
  const pins = combinePins(caller.pins, filters.pins);
  if (pins !== 'disjoint') return { caller: { ...caller, pins }, filters, key };
  return {
    status: 403,
    message:
      'The request pins an account or environment outside the pins of this token or server: pin one inside them, or none.',
  };
}
