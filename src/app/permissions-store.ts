import type { KnownPermissions } from '../access/permissions-cache.ts';
import { haveSameActions, readStoredPermissions, storedName } from '../access/stored-permissions.ts';
import { stateDirectory } from '../config/state-directory.ts';
import type { Log } from '../observability/logger.ts';

/** Keeps permissions between runs. Where the disk cannot be written or read, it keeps none. */
export interface PermissionsStore {
  find(bearer: string): KnownPermissions | undefined;
  /** Stores permissions in the background. */
  keep(bearer: string, known: KnownPermissions): void;
}

/** Milliseconds after which unchanged permissions are stored again. */
const storeIntervalMs = 60 * 60_000;

/** Opens the store in the state directory, for the tokens of one API. */
export function openPermissionsStore(baseUrl: string, log: Log): PermissionsStore {
  let hasReported = false;
  const report = (err: unknown) => {
    if (!hasReported) log.debug({ err }, 'permissions are not kept for the next start');
    hasReported = true;
  };
  const directory = permissionsDirectory(report);
  if (directory === undefined) return { find: () => undefined, keep: () => {} };

  const store = async (bearer: string, known: KnownPermissions): Promise<void> => {
    const name = storedName(bearer, baseUrl);
    const readAt = Date.now();
    const before = readStoredPermissions(directory, name);
    if (before && haveSameActions(before.known, known) && readAt - before.readAt < storeIntervalMs) return;
    const { storePermissions } = await import('../access/store-permissions.ts');
    await storePermissions(directory, name, { known, readAt });
  };

  return {
    find: (bearer) => readStoredPermissions(directory, storedName(bearer, baseUrl))?.known,
    keep: (bearer, known) => void store(bearer, known).catch(report),
  };
}

/** Undefined for a user without a home. */
function permissionsDirectory(report: (error: unknown) => void): string | undefined {
  try {
    return `${stateDirectory(process.env)}/permissions`;
  } catch (error) {
    report(error);
    return undefined;
  }
}
