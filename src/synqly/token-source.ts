import { CallError } from '../errors.ts';
import { missingReason, withoutQuotes } from '../lib/unfilled-placeholder.ts';

/** The source of the bearer token for Synqly. */
export interface TokenSource {
  /** The token to send. @throws CallError `token_unavailable` */
  current(): Promise<string>;
  /** A token other than the one that Synqly rejected, if there is one. */
  renewed(rejected: string): Promise<string | undefined>;
  /** Every token used so far, to be masked in results and logs. */
  readonly known: ReadonlySet<string>;
}

/** A token that stays the same for the life of the process. */
export function fixedToken(token: string): TokenSource {
  return { known: new Set([token]), current: async () => token, renewed: async () => undefined };
}

/**
 * A token in a file that a secret manager or a rotation job updates. The file is read again when it changes, and
 * when Synqly rejects the token.
 */
export function fileToken(path: string): TokenSource {
  const known = new Set<string>();
  let read: { token: string; version: string } | undefined;

  const load = async (): Promise<string> => {
    try {
      const [{ stat }, { readTokenFile }] = await Promise.all([
        import('node:fs/promises'),
        import('./token-file.ts'),
      ]);
      const { mtimeNs, size, ino } = await stat(path, { bigint: true });
      // Nanoseconds and inode, to notice a file that is replaced within a millisecond.
      const version = `${ino}-${size}-${mtimeNs}`;
      if (read?.version === version) return read.token;
      const token = checkToken(await readTokenFile(path));
      known.add(token);
      read = { token, version };
      return token;
    } catch (cause) {
      const why = cause instanceof Error && 'code' in cause ? 'cannot be read' : 'holds no valid token';
      throw new CallError('token_unavailable', `The token file ${why}.`, { cause });
    }
  };

  return {
    known,
    current: load,
    renewed: async (rejected) => {
      read = undefined;
      const token = await load();
      return token === rejected ? undefined : token;
    },
  };
}

/**
 * Strips white space, quotes and `Bearer` from a token, and checks that it is valid in an HTTP header.
 *
 * @throws Error that says what is wrong, without the token
 */
export function checkToken(text: string): string {
  const token = withoutQuotes(withoutQuotes(text).replace(/^Bearer\s+/i, ''));
  const fault = missingReason(token);
  if (fault !== undefined) throw new Error(fault);
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('holds spaces or non-ASCII characters');
  return token;
}
