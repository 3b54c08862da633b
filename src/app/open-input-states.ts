import { createInputStates, type InputStates } from '../access/input-states.ts';
import { assertPath, nameOfSetting } from '../config/check-path.ts';
import { type Config, ConfigError } from '../config/load-config.ts';
import { settings } from '../config/settings.ts';
import { parseStateKeys } from '../config/state-keys.ts';
import { withoutCredentials } from '../config/store-parser.ts';
import { fs } from '../lib/node-builtins.ts';

/** The states of all callers, and what ends their store. */
export interface OpenInputStates {
  readonly inputStates: (caller: string) => InputStates;
  close(): Promise<void>;
}

/** The states that clients keep between a question and its answer, as the settings say. @throws ConfigError */
export async function openInputStates(config: Config): Promise<OpenInputStates> {
  const keys = readStateKeys(config);
  const store = config.stateStore.value;
  const timeoutMs = config.confirmWithin.value;
  if (store === undefined) return { inputStates: createInputStates({ timeoutMs }), close: async () => {} };
  try {
    const { openUsedMarks } = await import('../access/used-marks/open-marks.ts');
    const marks = await openUsedMarks(store);
    return { inputStates: createInputStates({ keys, marks, timeoutMs }), close: marks.close };
  } catch (error) {
    const why = withoutCredentials((error as Error).message, store);
    throw new ConfigError(`Cannot open ${nameOfSetting(settings.stateStore, config.stateStore)}: ${why}`);
  }
}

/** The configured keys, if they and the store are set together. @throws ConfigError; the message never holds a key */
export function readStateKeys(config: Config): readonly Buffer[] | undefined {
  const keys = stateKeysOf(config);
  assertKeyAndStore(config, keys !== undefined);
  return keys;
}

/** A key without a store would let an answer be used again; a store is of no use to states of a random key. */
function assertKeyAndStore({ stateKey, stateKeyFile, stateStore }: Config, hasKey: boolean): void {
  if (hasKey === (stateStore.value !== undefined)) return;
  if (!hasKey) {
    const name = nameOfSetting(settings.stateStore, stateStore);
    throw new ConfigError(
      `${name} has no effect without a key: set --state-key-file or SYNQLY_STATE_KEY too.`,
    );
  }
  const name = stateKey.value ? settings.stateKey.env : nameOfSetting(settings.stateKeyFile, stateKeyFile);
  throw new ConfigError(
    `${name} needs --state-store: without it, an answer could be used again on another server, or after a restart.`,
  );
}

/** The configured keys; undefined if there are none. @throws ConfigError; the message never holds a key */
function stateKeysOf({ stateKey, stateKeyFile }: Config): readonly Buffer[] | undefined {
  const { value: path } = stateKeyFile;
  if (path === undefined) return stateKey.value;
  const name = nameOfSetting(settings.stateKeyFile, stateKeyFile);
  if (stateKey.value)
    throw new ConfigError(`${name} and ${settings.stateKey.env} are both set: set one of them.`);
  assertPath(settings.stateKeyFile, stateKeyFile, 'key');
  try {
    assertPrivateFile(path);
    return parseStateKeys(fs.readFileSync(path, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'names a file that does not exist' : code ? `cannot be read (${code})` : message;
    throw new ConfigError(`${name} ${why}.`);
  }
}

/** Anyone who can read a key can make up answers. A group may read it, as with mounted secrets. */
function assertPrivateFile(path: string): void {
  const { mode } = fs.statSync(path);
  if (process.platform === 'win32' || (mode & 0o027) === 0) return;
  throw new Error('names a file that other users of this machine can read or change; set its mode to 600');
}
