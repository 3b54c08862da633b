import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createMemoryMarks, type UsedMarks } from './used-marks/used-marks.ts';

/** What the server must remember between a question and its answer. The client keeps it, sealed. */
export interface InputState {
  /** States of the same id can be used once in all. */
  readonly id: string;
  /** Id of the operation, and digest of its arguments. */
  readonly operation: string;
  readonly argumentsDigest: string;
  /** What the person was asked for. */
  readonly question: 'confirmation' | 'secret';
  /** How often the question was asked; 1 for the first time. */
  readonly round: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** Digest of the snapshot that was shown for confirmation. */
  readonly snapshotDigest?: string | undefined;
  /** Whether the person has already agreed to the call. */
  readonly isConfirmed?: boolean | undefined;
  /** Further data of the question. */
  readonly data?: Readonly<Record<string, string>> | undefined;
}

/** Seals and opens the states of one caller. */
export interface InputStates {
  /** Milliseconds until a state expires. */
  readonly timeoutMs: number;
  seal(state: InputState): string;
  /** The state of a sealed text; undefined if the text was changed, or sealed for another caller or with another key. */
  open(text: unknown): InputState | undefined;
  /** Uses up all states of this id. Returns true for the first call only. @throws when the marks cannot be reached */
  use(state: InputState): Promise<boolean>;
}

export interface InputStateOptions {
  /** Keys of 32 bytes: the first seals, all open. By default a random key of this process. */
  readonly keys?: readonly Buffer[] | undefined;
  readonly marks?: UsedMarks | undefined;
  readonly timeoutMs: number;
}

/** Also part of what is authenticated: a state is only opened by a version that knows its fields. */
const prefix = 'v1.';
const nonceBytes = 12;
const tagBytes = 16;
/** A sealed state has a few hundred characters. */
const maxTextLength = 8_192;

/** Marks outlive their states by this, since the clocks of servers that share them differ. */
const maxClockDriftMs = 10 * 60_000;

/** Sealed states (AES-256-GCM), for one caller each. */
export function createInputStates({
  keys = [randomBytes(32)],
  marks = createMemoryMarks(),
  timeoutMs,
}: InputStateOptions): (caller: string) => InputStates {
  const [sealingKey] = keys;
  if (!sealingKey) throw new Error('There is no key for states.');
  return (caller) => {
    const authenticated = Buffer.from(`${prefix}${caller}`);
    return {
      timeoutMs,
      seal: (state) =>
        prefix + encrypt(JSON.stringify(state), sealingKey, authenticated).toString('base64url'),
      open: (text) => {
        const sealed = decode(text);
        if (!sealed) return undefined;
        const [opened] = keys.flatMap((key) => decrypt(sealed, key, authenticated) ?? []);
        return opened === undefined ? undefined : (JSON.parse(opened) as InputState);
      },
      use: ({ id, expires }) => marks.use(id, expires + maxClockDriftMs),
    };
  };
}

function encrypt(text: string, key: Buffer, authenticated: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(authenticated);
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(sealed: Buffer, key: Buffer, authenticated: Buffer): string | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(authenticated).setAuthTag(sealed.subarray(-tagBytes));
  try {
    const text = Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
    return text.toString('utf8');
  } catch {
    return undefined;
  }
}

/** The bytes of a text; undefined unless they are written as `seal` writes them. */
function decode(text: unknown): Buffer | undefined {
  if (typeof text !== 'string' || text.length > maxTextLength || !text.startsWith(prefix)) return undefined;
  const sealed = Buffer.from(text.slice(prefix.length), 'base64url');
  // Node ignores characters that are not base64url, and unused bits of the last one.
  if (prefix + sealed.toString('base64url') !== text) return undefined;
  return sealed.length > nonceBytes + tagBytes ? sealed : undefined;
}
