import type { ClientPort } from '../client-port.ts';
import type { Config } from '../config.ts';
import { type Reference, referenceError, referTo } from './reference.ts';
import { readSecretFile, readVariable } from './sources.ts';

/** What a session can do with secrets: take them from where a reference says, and put them away. */
export interface SecretStore {
  /**
   * @param person where a person can be asked
   * @throws CallError `secret_reference` with the reason, never the content
   */
  resolve(reference: Reference, person: Person): Promise<string>;
  /**
   * Puts a secret away for later calls, and gives the reference that stands in its place. Undefined for sessions that
   * can put nothing away.
   */
  readonly keep: ((secret: string) => string) | undefined;
  /**
   * Writes secrets that were put away to files for people, where there is a directory for it.
   *
   * @returns paths by reference
   * @throws Error when one cannot be written
   */
  save(references: readonly string[]): Promise<Readonly<Record<string, string>>>;
  /** Every secret that went through here: none may appear in what leaves the server. */
  readonly known: Iterable<string>;
}

/** Whom to ask for a secret, and when to stop waiting. */
export interface Person {
  readonly client: ClientPort | undefined;
  readonly cancelled: AbortSignal;
}

interface Options {
  readonly patterns: readonly string[];
  readonly directory: string | undefined;
  readonly keeps: boolean;
}

type Read = (name: string, person: Person) => string | Promise<string>;

/** Secrets that are remembered; the oldest is forgotten for one more. */
const mostKept = 1_000;

/** Secrets for one caller over stdio. */
export function secretsForOne({
  secretEnv,
  secretDir,
}: Pick<Config, 'secretEnv' | 'secretDir'>): SecretStore {
  return createSecretStore({ patterns: secretEnv.value, directory: secretDir.value, keeps: true });
}

/**
 * Secrets for the callers of an HTTP server. The variables are its operator's, so they are open to callers only when the
 * operator says which; files never are, and nothing is put away, since the next request may reach another process.
 */
export function secretsForMany({ secretEnv }: Pick<Config, 'secretEnv'>): SecretStore {
  const patterns = secretEnv.source === 'default' ? [] : secretEnv.value;
  return createSecretStore({ patterns, directory: undefined, keeps: false });
}

function createSecretStore({ patterns, directory, keeps }: Options): SecretStore {
  const kept = new Map<string, string>();
  const references = new Map<string, string>();
  const known = new Set<string>();

  const know = (secret: string): string => {
    known.delete(secret);
    known.add(secret);
    const [oldest] = known;
    if (known.size > mostKept && oldest !== undefined) known.delete(oldest);
    return secret;
  };
  const keep = (secret: string): string => {
    const before = references.get(know(secret));
    if (before !== undefined) return before;
    const handle = newHandle();
    kept.set(handle, secret);
    references.set(secret, referTo(handle));
    const [oldest] = kept;
    if (kept.size > mostKept && oldest) {
      kept.delete(oldest[0]);
      references.delete(oldest[1]);
    }
    return referTo(handle);
  };
  const read: Readonly<Record<Reference['kind'], Read>> = {
    env: (name) => readVariable(name, patterns, process.env),
    file: (name) => readSecretFile(name, directory),
    secret: (name) => {
      const secret = kept.get(name);
      if (secret === undefined) throw referenceError('This server has put away no secret of that handle.');
      return secret;
    },
    ask: async (name, { client, cancelled }) => {
      const { askForSecret } = await import('./ask.ts');
      return askForSecret(name, client, cancelled);
    },
  };

  return {
    resolve: async ({ kind, name }, person) => know(await read[kind](name, person)),
    keep: keeps ? keep : undefined,
    save: async (saved) => {
      if (directory === undefined) return {};
      const handles = [...kept].filter(([handle]) => saved.includes(referTo(handle)));
      const paths = await Promise.all(
        handles.map(
          async ([handle, secret]) => [referTo(handle), await write(directory, handle, secret)] as const,
        ),
      );
      return Object.fromEntries(paths);
    },
    known,
  };
}

/** For the owner only, and never over another file. */
async function write(directory: string, name: string, secret: string): Promise<string> {
  const [{ writeFile }, { join }] = await Promise.all([import('node:fs/promises'), import('node:path')]);
  const path = join(directory, name);
  try {
    await writeFile(path, secret, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // It was put away and written before: handles are not given twice.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return path;
}

/** The global one, since loading `node:crypto` would slow the start. */
function newHandle(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(5))).toString('hex');
}

/** Takes no reference and puts nothing away. */
export const withoutSecrets: SecretStore = createSecretStore({
  patterns: [],
  directory: undefined,
  keeps: false,
});
