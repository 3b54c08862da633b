import { parsePath } from './parsers.ts';

/** Starts like a URL; a single letter would be a Windows drive. */
const scheme = /^[a-z][a-z0-9+.-]+:/i;

/**
 * Parses a directory or a Redis URL. A malformed URL is rejected: with a missing slash it would become a directory.
 *
 * @throws Error that says what is wrong, without quoting the text, which may hold a password
 */
export function parseStore(given: string): string {
  const text = given.trim();
  if (!scheme.test(text)) return parsePath(text);
  if (/^rediss?:\/\/[^/]/i.test(text) && URL.canParse(text) && new URL(text).hostname !== '') return text;
  throw new Error('must be a directory, or a Redis URL such as redis://host:6379 or rediss://host:6379');
}

/** Parses a store that servers share. The name of the default, which is not shared, would become a directory. @throws Error */
export function parseSharedStore(given: string): string {
  if (given.trim() !== 'memory') return parseStore(given);
  throw new Error(
    'must be a store that servers share: a directory (./memory if that is its name), or a Redis URL',
  );
}

/** Checks that the flag of a store holds no password. `variable` can be set in its place. */
export function assertNoPassword(variable: string): (text: string) => void {
  return (text) => {
    if (URL.canParse(text) && new URL(text).password === '' && !/[?&](password|auth)=/i.test(text)) return;
    if (!scheme.test(text.trim())) return;
    throw new Error(
      `holds a password, which other users of this machine can read on the command line; set ${variable} instead`,
    );
  };
}

/** Removes a URL's user and password from a text, encoded and decoded. */
export function withoutCredentials(text: string, url: string): string {
  if (!URL.canParse(url)) return text;
  const { username, password } = new URL(url);
  const parts = [password, safelyDecoded(password), url].filter((part) => part !== '');
  return parts
    .reduce((left, part) => left.replaceAll(part, '[hidden]'), text)
    .replaceAll(`${username}:[hidden]@`, '');
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
