import { CallError } from '../errors.ts';
import { missingReason, withoutQuotes } from '../lib/unfilled-placeholder.ts';

/** Where the bearer token for Synqly comes from. */
export interface TokenSource {
  /** The token to send. @throws CallError `token_unavailable` */
  current(): Promise<string>;
  /** Another token than the one that Synqly refused, when there is one. */
  renewed(refused: string): Promise<string | undefined>;
  /** Every token given out so far: none of them may appear in an answer or a log. */
  readonly known: ReadonlySet<string>;
}

/** A token that stays the same for the life of the process. */
export function fixedToken(token: string): TokenSource {
  return { known: new Set([token]), current: async () => token, renewed: async () => undefined };
}

/**
 * A token kept in a file by something else (a secret manager, a rotation job). The file is read again when it
 * changes, and when Synqly refuses what was read last.
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
      // Nanoseconds and inode: a file replaced within the clock's millisecond is still seen as new.
      const version = `${ino}-${size}-${mtimeNs}`;
      if (read?.version === version) return read.token;
      const token = checkToken(await readTokenFile(path));
      known.add(token);
      read = { token, version };
      return token;
    } catch (cause) {
      const why = cause instanceof Error && 'code' in cause ? 'cannot be read' : 'holds no usable token';
      throw new CallError('token_unavailable', `The token file ${why}.`, { cause });
    }
  };

  return {
    known,
    current: load,
    renewed: async (refused) => {
      read = undefined;
      const token = await load();
      return token === refused ? undefined : token;
    },
  };
}

/**
 * Takes blanks, quotes and the word Bearer from around a token, and checks that it can stand in an HTTP header.
 *
 * @throws Error that says what is wrong, without the token.
 */
export function checkToken(text: string): string {
  const token = withoutQuotes(withoutQuotes(text).replace(/^Bearer\s+/i, ''));
  const fault = missingReason(token);
  if (fault !== undefined) throw new Error(fault);
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('holds blanks or characters outside ASCII');
  return token;
}
