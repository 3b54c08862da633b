import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readStateKeys } from '../../app/open-input-states.ts';
import { tokenSettingOf } from '../../app/synqly-connection.ts';
import { defaultStore } from '../../auth/mcp-tokens/open-store.ts';
import { assertPath, nameOfSetting } from '../../config/check-path.ts';
import { type Config, ConfigError } from '../../config/load-config.ts';
import { settings } from '../../config/settings.ts';
import { stateDirectory } from '../../config/state-directory.ts';
import { withoutCredentials } from '../../config/store-parser.ts';
import { assertPrivateDirectory } from '../../lib/private-directory.ts';
import { assertWritable } from '../../observability/audit-sink.ts';
import { type Check, failed, passed, skipped } from './check.ts';
import type { ShowProgress } from './progress.ts';
import { withoutLogin } from './settings.ts';

/** Checks directories, files and stores, and creates none of them. */
export async function* checkStores(config: Config, showProgress: ShowProgress): AsyncGenerator<Check> {
  yield await checkStateDirectory(config);
  yield await checkTokenStore(config, showProgress);
  yield* await checkInputStates(config, showProgress);
  yield* checkPaths(config);
}

/** Where permissions are kept between runs. */
async function checkStateDirectory(config: Config): Promise<Check> {
  const name = 'state directory';
  if (config.sandbox.value || config.permissions.value === 'ignore') return skipped(name, 'not used');
  try {
    const directory = stateDirectory(process.env);
    await assertUsableDirectory(directory, false);
    return passed(name, directory);
  } catch (error) {
    return failed(
      name,
      `Permissions are not kept for the next start: ${reasonOf(error)}`,
      'Give this user a directory of its own to write to, and set XDG_STATE_HOME to it.',
    );
  }
}

async function checkTokenStore(config: Config, showProgress: ShowProgress): Promise<Check> {
  const { tokenStore, transport, sandbox } = config;
  const isGateway = transport.value === 'http' && tokenSettingOf(config) !== undefined;
  if (tokenStore.value === undefined && (sandbox.value || !isGateway))
    return skipped('token store', sandbox.value ? 'in memory' : 'not used');
  if (tokenStore.value !== undefined && transport.value === 'stdio' && sandbox.value)
    return skipped('token store', 'not used with the sandbox');
  const setBy =
    tokenStore.value === undefined ? '--token-store' : nameOfSetting(settings.tokenStore, tokenStore);
  try {
    const store = tokenStore.value ?? defaultStore(process.env);
    return await checkStore('token store', { store, setBy }, showProgress);
  } catch (error) {
    return failed('token store', reasonOf(error), `Set ${setBy} to a directory of this user.`);
  }
}

async function checkInputStates(config: Config, showProgress: ShowProgress): Promise<readonly Check[]> {
  const { stateStore } = config;
  const setBy = nameOfSetting(settings.stateStore, stateStore);
  try {
    const keys = readStateKeys(config);
    if (keys === undefined || stateStore.value === undefined) return [];
    return [await checkStore('state store', { store: stateStore.value, setBy }, showProgress)];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [failed('state key', error.message, 'Correct the setting: docs/http.md says how to use it.')];
  }
}

interface NamedStore {
  readonly store: string;
  /** The flag or variable that sets it. */
  readonly setBy: string;
}

async function checkStore(
  name: string,
  { store, setBy }: NamedStore,
  showProgress: ShowProgress,
): Promise<Check> {
  if (!/^rediss?:\/\//i.test(store)) {
    try {
      await assertUsableDirectory(store, true);
      return passed(name, store);
    } catch (error) {
      return failed(
        name,
        `${store} cannot be used: ${reasonOf(error)}`,
        `Make it a directory that belongs to this user and that only this user can write to (chmod 700), or set ${setBy} to another one.`,
      );
    }
  }
  const shown = withoutLogin(store);
  try {
    await showProgress(`connecting to ${shown}`, () => askRedis(store));
    return passed(name, `${shown} answers`);
  } catch (error) {
    return failed(
      name,
      `${shown}: ${withoutCredentials((error as Error).message, store)}`,
      `Start Redis, and check address and login in ${setBy}, and the network between.`,
    );
  }
}

async function askRedis(url: string): Promise<void> {
  const { connectRedis } = await import('../../lib/redis-client.ts');
  const { run, close } = await connectRedis(url);
  try {
    await run((client) => client.ping());
  } finally {
    close();
  }
}

/**
 * Checks that a directory can be written to, or created. Nothing is written: the system is asked.
 *
 * @param isPrivate whether others must not be able to write to it
 *
 * @throws Error when it cannot
 */
async function assertUsableDirectory(directory: string, isPrivate: boolean): Promise<void> {
  const existing = await closestExisting(directory);
  if (existing === directory && isPrivate) await assertPrivateDirectory(directory);
  if (!(await stat(existing)).isDirectory()) throw new Error(`${existing} is not a directory.`);
  await access(existing, constants.W_OK | constants.X_OK);
}

/** The path, or the closest directory above it that exists. */
async function closestExisting(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if ((code !== 'ENOENT' && code !== 'ENOTDIR') || dirname(path) === path) throw error;
    return closestExisting(dirname(path));
  }
}

/** Checks the paths in the settings as a server does at its start. */
function* checkPaths(config: Config): Generator<Check> {
  const { auditLog, secretDir, outputDir } = config;
  const paths = [
    ['audit log', 'auditLog', auditLog, () => assertPath(settings.auditLog, auditLog, 'log')],
    [
      'secret directory',
      'secretDir',
      secretDir,
      () => assertPath(settings.secretDir, secretDir, 'directory'),
    ],
    [
      'output directory',
      'outputDir',
      outputDir,
      () => assertPath(settings.outputDir, outputDir, 'output directory'),
    ],
  ] as const;
  for (const [name, setting, { value, source }, assertKind] of paths) {
    if (value === undefined) continue;
    const setBy = nameOfSetting(settings[setting], { source });
    try {
      assertKind();
      if (setting === 'auditLog') assertWritable(value);
      yield passed(name, value);
    } catch (error) {
      const why =
        error instanceof ConfigError ? error.message : `${value} cannot be written: ${reasonOf(error)}`;
      yield failed(name, why, `Correct ${setBy}, or give this user access.`);
    }
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
};

function reasonOf(error: unknown): string {
  const { code = '', path, message } = error as NodeJS.ErrnoException;
  const reason = reasons[code];
  return reason === undefined ? message : `${path}: ${reason} (${code}).`;
}
