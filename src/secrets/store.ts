import type { Config } from '../config/load-config.ts';
import { CallError } from '../errors.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import { SecretIndex } from '../lib/mask.ts';
import type { SecretPages } from './asked-secrets.ts';
import type { OpenPage } from './prompt.ts';
import type { SecretPurpose } from './prompt-page.ts';
import { type Reference, referenceError, secretReference } from './reference.ts';
import { deleteSecret, writeNewSecret, writeSecret } from './secret-files.ts';
import { readSecretFile, readVariable, secretVariables } from './sources.ts';

/** Where a stored secret comes from: a read can be repeated, but a write may return its secret only once. */
export type Origin = 'read' | 'write';

/** Resolves references to secrets, and stores secrets from responses. */
export interface SecretStore {
  /**
   * @param person how to ask a person
   * @throws CallError `secret_reference` with the reason, never the content; `secret_refused` when the store is
   * full
   */
  resolve(reference: ReadReference, person: Person): Promise<string>;
  /** Asks for secrets on pages of this machine; undefined over HTTP, where the person is at another. */
  readonly pages: SecretPages | undefined;
  /**
   * Stores a secret for later calls and returns the reference to it. Undefined for callers whose secrets are not
   * stored.
   */
  readonly store: ((secret: string, origin: Origin) => string) | undefined;
  /**
   * Checks the free space before a write that returns secrets, which must all be stored.
   *
   * @throws CallError `secret_refused` when the store is full
   */
  assertRoom(): void;
  /**
   * Writes stored secrets to files for people, if there is a directory for them.
   *
   * @returns paths by reference
   * @throws Error when a file cannot be written
   */
  save(references: readonly string[]): Promise<Readonly<Record<string, string>>>;
  /** Keeps secrets that this server generates. Undefined for callers whose secrets are not stored. */
  readonly generated: GeneratedStore | undefined;
  /** All secrets that the server knows and must mask in its output. */
  readonly known: SecretIndex;
}

/** Keeps generated secrets as those of responses to writes are kept. */
export interface GeneratedStore {
  /**
   * @returns the reference to it, and its file if there is a directory for secrets
   * @throws CallError `secret_refused` when the store is full; Error when the file cannot be written
   */
  keep(secret: string): Promise<StoredSecret>;
  /** Forgets a secret, and deletes its file. */
  forget(secret: string): Promise<void>;
}

/** Where a secret is stored. */
export interface StoredSecret {
  readonly reference: string;
  readonly file?: string;
}

/** How to ask a person for a secret, what it is for, and when to stop waiting. */
export interface Person {
  readonly openPage: OpenPage | undefined;
  readonly purpose: Omit<SecretPurpose, 'description'>;
  readonly cancelled: StopSignal;
}

interface Options {
  readonly patterns: readonly string[];
  readonly directory: string | undefined;
  /** The file of the server's own token, which references may not read. */
  readonly tokenFile?: string | undefined;
  readonly storesSecrets: boolean;
}

/** Kinds of references to secrets that exist before the call. */
type ReadKind = Exclude<Reference['kind'], 'generate'>;

/** A reference to a secret that exists before the call. */
export type ReadReference = Reference & { readonly kind: ReadKind };

type Read = (name: string, person: Person) => string | Promise<string>;

/*
 * Secrets from variables, files, people and writes are kept until the process ends; a call that could exceed these
 * limits is refused before it is sent. Secrets from reads are evicted, oldest first: they can be read again.
 */
const maxPermanentSecrets = 10_000;
const maxPermanentLength = 16 * 1024 * 1024;
const maxEvictableLength = 4 * 1024 * 1024;

/** Creates the secret store of a stdio server. */
export function createStdioSecrets({
  secretEnv,
  secretDir,
  tokenFile,
}: Pick<Config, 'secretEnv' | 'secretDir' | 'tokenFile'>): SecretStore {
  return createSecretStore({
    patterns: secretEnv.value,
    directory: secretDir.value,
    tokenFile: tokenFile.value,
    storesSecrets: true,
  });
}

/**
 * Creates the secret store of an HTTP server. Its variables belong to the operator, so callers may use only those
 * that --secret-env names; they may read no files, and no secret is stored, since the next request may reach
 * another process.
 */
export function createHttpSecrets({ secretEnv }: Pick<Config, 'secretEnv'>): SecretStore {
  const patterns = secretEnv.source === 'default' ? [] : secretEnv.value;
  return createSecretStore({ patterns, directory: undefined, storesSecrets: false });
}

/** A set of secrets, ordered by last use, with their total length. */
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

function createSecretStore({ patterns, directory, tokenFile, storesSecrets }: Options): SecretStore {
  const permanent = new SecretSet();
  const evictable = new SecretSet();
  const known = new SecretIndex();
  const secrets = new Map<string, string>();
  const handles = new Map<string, string>();

  const assertRoom = (more = 0): void => {
    if (permanent.size < maxPermanentSecrets && permanent.length + more <= maxPermanentLength) return;
    throw new CallError('secret_refused', 'The secret store of this server is full.', {
      remediation:
        'Ask the person to restart the server. That invalidates references to stored secrets; files in --secret-dir stay. Nothing was sent.',
    });
  };
  const addPermanent = (secret: string): void => {
    evictable.delete(secret);
    if (!permanent.has(secret)) permanent.put(secret);
    known.add(secret);
  };
  const addEvictable = (secret: string): void => {
    if (permanent.has(secret)) return;
    evictable.put(secret);
    known.add(secret);
    while (evictable.length > maxEvictableLength && evictable.oldest !== undefined) evict(evictable.oldest);
  };
  const evict = (secret: string): void => {
    evictable.delete(secret);
    known.delete(secret);
    secrets.delete(handles.get(secret) ?? '');
    handles.delete(secret);
  };
  const storeSecret = (secret: string, origin: Origin): string => {
    const handle = handles.get(secret) ?? newHandle();
    handles.set(secret, handle);
    secrets.set(handle, secret);
    if (origin === 'write') addPermanent(secret);
    else addEvictable(secret);
    return secretReference(handle);
  };
  for (const secret of secretVariables(patterns, process.env)) addPermanent(secret);
  const read: Readonly<Record<ReadKind, Read>> = {
    env: (name) => readVariable(name, patterns, process.env),
    file: (name) => readSecretFile(name, directory, tokenFile),
    secret: (name) => {
      const secret = secrets.get(name);
      if (secret !== undefined) return secret;
      throw referenceError(
        storesSecrets
          ? 'The server has no secret with this handle, or no longer. If a read returned the secret, repeat that read.'
          : 'A server over HTTP stores no secrets.',
      );
    },
    ask: async (description, { openPage, purpose, cancelled }) => {
      // Over stdio, clients that open no page get its address.
      if (!openPage)
        throw referenceError(
          'Over HTTP the server cannot ask for a secret, since the person is at another machine.',
        );
      const { promptForSecret } = await import('./prompt.ts');
      return promptForSecret({ ...purpose, description }, openPage, cancelled);
    },
  };

  const addUsed = (secret: string): void => {
    if (!permanent.has(secret)) assertRoom(secret.length);
    addPermanent(secret);
  };
  const addTyped = (secret: string): void => known.add(secret);
  const dropTyped = (secret: string): void => {
    if (!permanent.has(secret) && !evictable.has(secret)) known.delete(secret);
  };
  let opened: SecretPages | undefined;
  const pages: SecretPages = {
    find: (call) => opened?.find(call),
    ask: async (call, purposes) => {
      // Checked before a person types a secret that could not be stored.
      assertRoom();
      const { createSecretPages } = await import('./asked-secrets.ts');
      opened ??= createSecretPages({ onTyped: addTyped, onTaken: addUsed, onDropped: dropTyped });
      return opened.ask(call, purposes);
    },
  };

  const generated: GeneratedStore = {
    keep: async (secret) => {
      assertRoom(secret.length);
      const reference = storeSecret(secret, 'write');
      if (directory === undefined) return { reference };
      try {
        return { reference, file: await writeNewSecret(directory, handles.get(secret) ?? '', secret) };
      } catch (error) {
        forgetSecret(secret);
        throw error;
      }
    },
    forget: async (secret) => {
      const handle = handles.get(secret);
      forgetSecret(secret);
      if (directory !== undefined && handle !== undefined) await deleteSecret(directory, handle);
    },
  };
  const forgetSecret = (secret: string): void => {
    permanent.delete(secret);
    evict(secret);
  };

  return {
    pages: storesSecrets ? pages : undefined,
    resolve: async ({ kind, name }, person) => {
      // Checked before a person types a secret that could not be stored.
      if (kind === 'ask') assertRoom();
      const secret = await read[kind](name, person);
      addUsed(secret);
      return secret;
    },
    store: storesSecrets ? storeSecret : undefined,
    assertRoom: () => assertRoom(),
    save: async (saved) => {
      if (directory === undefined) return {};
      const named = [...secrets].filter(([handle]) => saved.includes(secretReference(handle)));
      const paths = await Promise.all(
        named.map(
          async ([handle, secret]) =>
            [secretReference(handle), await writeSecret(directory, handle, secret)] as const,
        ),
      );
      return Object.fromEntries(paths);
    },
    generated: storesSecrets ? generated : undefined,
    known,
  };
}

/** Uses the global `crypto`: loading `node:crypto` would slow the start. */
function newHandle(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(5))).toString('hex');
}

/** A store that resolves no references and stores nothing. */
export const withoutSecrets: SecretStore = createSecretStore({
  patterns: [],
  directory: undefined,
  storesSecrets: false,
});
