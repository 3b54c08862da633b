import type { Stats } from 'node:fs';
import { hashToken } from '../lib/hash.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import { fs } from '../lib/node-builtins.ts';
import type { KnownPermissions } from './permissions-cache.ts';

/** Milliseconds for which stored permissions are used. */
export const maxStoredAgeMs = 24 * 60 * 60_000;

/** Maximum bytes of a file: the longest permission sets have a few kilobytes. */
const maxFileBytes = 64 * 1024;

/** Version of the files' format. A file of another version is ignored. */
const formatVersion = 1;

/** Permissions as they are stored. */
export interface StoredPermissions {
  readonly known: KnownPermissions;
  /** Milliseconds since the epoch. */
  readonly readAt: number;
}

/** The name of the file for a token at one API; neither can be read from it. */
export function storedName(bearer: string, baseUrl: string): string {
  return hashToken(JSON.stringify([baseUrl, bearer]));
}

/**
 * Reads stored permissions; undefined if there are none, or they are too old, invalid, or in a file that others could
 * have read or written. They decide only which tools are listed: Synqly checks each call.
 */
export function readStoredPermissions(directory: string, name: string): StoredPermissions | undefined {
  try {
    const text = readPrivateFile(`${directory}/${name}.json`);
    return text === undefined ? undefined : parseStored(JSON.parse(text), name, Date.now());
  } catch {
    return undefined;
  }
}

/** @throws Error when the file cannot be opened */
function readPrivateFile(path: string): string | undefined {
  // Not blocking, in case it is a pipe. Windows has neither flag.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
  const file = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    return isPrivateFile(fs.fstatSync(file)) ? fs.readFileSync(file, 'utf8') : undefined;
  } finally {
    fs.closeSync(file);
  }
}

function isPrivateFile(status: Stats): boolean {
  if (!status.isFile() || status.size > maxFileBytes) return false;
  if (process.platform === 'win32') return true;
  return (status.mode & 0o077) === 0 && status.uid === process.getuid?.();
}

function parseStored(stored: unknown, name: string, now: number): StoredPermissions | undefined {
  if (!isJsonObject(stored) || stored.version !== formatVersion || stored.name !== name) return undefined;
  const { read_at: readAt, actions } = stored;
  if (typeof readAt !== 'number' || !(readAt <= now && now - readAt < maxStoredAgeMs)) return undefined;
  if (actions === null) return { known: 'unavailable', readAt };
  if (!Array.isArray(actions) || actions.length === 0 || !actions.every(isActions)) return undefined;
  return { known: permissionsFrom(actions), readAt };
}

type Actions = Readonly<Record<string, readonly string[]>>;

function isActions(value: unknown): value is Actions {
  const isList = (names: unknown) => Array.isArray(names) && names.every((name) => typeof name === 'string');
  return isJsonObject(value) && Object.keys(value).length > 0 && Object.values(value).every(isList);
}

function permissionsFrom(actions: readonly Actions[]): KnownPermissions {
  return {
    token: {},
    roles: [],
    permissionSets: [],
    actions: actions.map((one) => new Map(Object.entries(one).map(([api, names]) => [api, new Set(names)]))),
  };
}

/** What is stored: allowed actions, under a hash and with a time. Names, ids and the token itself are left out. */
export function toStored({ known, readAt }: StoredPermissions, name: string): JsonObject {
  return { version: formatVersion, name, read_at: readAt, actions: actionsOf(known) };
}

/** Whether two results would be stored equally. */
export function haveSameActions(one: KnownPermissions, other: KnownPermissions): boolean {
  return JSON.stringify(actionsOf(one)) === JSON.stringify(actionsOf(other));
}

function actionsOf(known: KnownPermissions): readonly Actions[] | null {
  if (known === 'unavailable') return null;
  return known.actions.map((one) => Object.fromEntries([...one].map(([api, names]) => [api, [...names]])));
}
