import type { Config } from '../config/load-config.ts';
import { CallError } from '../errors.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import { SecretIndex } from '../lib/mask.ts';
import type { OpenPage } from './prompt.ts';
import { type Reference, referenceError, referTo } from './reference.ts';
import { readSecretFile, readVariable, secretVariables } from './sources.ts';

/** Where a secret that is put away comes from: a read can be done again, what a write gave may come only once. */
export type Origin = 'read' | 'write';

/** What a session can do with secrets: take them from where a reference says, and put them away. */
export interface SecretStore {
  /**
   * @param person where a person can be asked
   * @throws CallError `secret_reference` with the reason, never the content; `secret_refused` when there is no room
   */
  resolve(reference: Reference, person: Person): Promise<string>;
  /**
   * Puts a secret away for later calls, and gives the reference that stands in its place. Undefined for sessions that
   * can put nothing away.
   */
  readonly store: ((secret: string, origin: Origin) => string) | undefined;
  /**
   * To be called before a write is sent that gives secrets: what it gives is kept whatever it is.
   *
   * @throws CallError `secret_refused` when there is no room for more
   */
  assertRoom(): void;
  /**
   * Writes secrets that were put away to files for people, where there is a directory for it.
   *
   * @returns paths by reference
   * @throws Error when one cannot be written
   */
  save(references: readonly string[]): Promise<Readonly<Record<string, string>>>;
  /** The secrets that went through here and are remembered: none may appear in what leaves the server. */
  readonly known: SecretIndex;
}

/** Whom to ask for a secret, and when to stop waiting. */
export interface Person {
  readonly openPage: OpenPage | undefined;
  readonly cancelled: StopSignal;
}

interface Options {
  readonly patterns: readonly string[];
  readonly directory: string | undefined;
  /** The file of the server's own token, which no reference may read. */
  readonly tokenFile?: string | undefined;
  readonly keeps: boolean;
}

type Read = (name: string, person: Person) => string | Promise<string>;

/*
 * What variables, files, persons and writes gave is remembered until the process ends; a call that could bring more than
 * these bounds allow is refused before it is sent. Of what was only read the newest is remembered: it can be read again.
 */
const maxGivenSecrets = 10_000;
const maxGivenLength = 16 * 1024 * 1024;
const maxReadLength = 4 * 1024 * 1024;

/** Secrets for one caller over stdio. */
export function createStdioSecrets({
  secretEnv,
  secretDir,
  tokenFile,
}: Pick<Config, 'secretEnv' | 'secretDir' | 'tokenFile'>): SecretStore {
  return createSecretStore({
    patterns: secretEnv.value,
    directory: secretDir.value,
    tokenFile: tokenFile.value,
    keeps: true,
  });
}

/**
 * Secrets for the callers of an HTTP server. The variables are its operator's, so they are open to callers only when the
 * operator says which; files never are, and nothing is put away, since the next request may reach another process.
 */
export function createHttpSecrets({ secretEnv }: Pick<Config, 'secretEnv'>): SecretStore {
  const patterns = secretEnv.source === 'default' ? [] : secretEnv.value;
  return createSecretStore({ patterns, directory: undefined, keeps: false });
}

/** Secrets in the order in which they were last seen, with their length all together. */
class SecretSet {
  readonly #secrets = new Set<string>();
  length = 0;

  get size(): number {
    return this.#secrets.size;
  }

  get oldest(): string | undefined {
    return this.#secrets.values().next().value;
  }

  has(secret: string): boolean {
    return this.#secrets.has(secret);
  }

  put(secret: string): void {
    this.delete(secret);
    this.#secrets.add(secret);
    this.length += secret.length;
  }

  delete(secret: string): void {
    if (this.#secrets.delete(secret)) this.length -= secret.length;
  }
}

function createSecretStore({ patterns, directory, tokenFile, keeps }: Options): SecretStore {
  const given = new SecretSet();
  const seen = new SecretSet();
  const known = new SecretIndex();
  const secrets = new Map<string, string>();
  const handles = new Map<string, string>();

  const assertRoom = (more = 0): void => {
    if (given.size < maxGivenSecrets && given.length + more <= maxGivenLength) return;
    throw new CallError('secret_refused', 'This server remembers as many secrets as it can.', {
      remediation:
        'Ask the person to restart the server: references to earlier secrets end with that, and files of --secret-dir stay. Nothing was sent.',
    });
  };
  const rememberGiven = (secret: string): void => {
    seen.delete(secret);
    if (!given.has(secret)) given.put(secret);
    known.add(secret);
  };
  const rememberRead = (secret: string): void => {
    if (given.has(secret)) return;
    seen.put(secret);
    known.add(secret);
    while (seen.length > maxReadLength && seen.oldest !== undefined) forget(seen.oldest);
  };
  const forget = (secret: string): void => {
    seen.delete(secret);
    known.delete(secret);
    secrets.delete(handles.get(secret) ?? '');
    handles.delete(secret);
  };
  const keep = (secret: string, origin: Origin): string => {
    const handle = handles.get(secret) ?? newHandle();
    handles.set(secret, handle);
    secrets.set(handle, secret);
    if (origin === 'write') rememberGiven(secret);
    else rememberRead(secret);
    return referTo(handle);
  };
  for (const secret of secretVariables(patterns, process.env)) rememberGiven(secret);
  const read: Readonly<Record<Reference['kind'], Read>> = {
    env: (name) => readVariable(name, patterns, process.env),
    file: (name) => readSecretFile(name, directory, tokenFile),
    secret: (name) => {
      const secret = secrets.get(name);
      if (secret !== undefined) return secret;
      throw referenceError(
        'This server has put away no secret of that handle, or has let it go for newer ones that were read since: read it again.',
      );
    },
    ask: async (name, { openPage, cancelled }) => {
      const { promptForSecret } = await import('./prompt.ts');
      return promptForSecret(name, openPage, cancelled);
    },
  };

  return {
    resolve: async ({ kind, name }, person) => {
      // Before a person types in vain.
      if (kind === 'ask') assertRoom();
      const secret = await read[kind](name, person);
      if (!given.has(secret)) assertRoom(secret.length);
      rememberGiven(secret);
      return secret;
    },
    store: keeps ? keep : undefined,
    assertRoom: () => assertRoom(),
    save: async (saved) => {
      if (directory === undefined) return {};
      const named = [...secrets].filter(([handle]) => saved.includes(referTo(handle)));
      const paths = await Promise.all(
        named.map(
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
