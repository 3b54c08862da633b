import { parsePath } from './parsers.ts';

/** Begins like a URL. One letter is a drive of Windows. */
const scheme = /^[a-z][a-z0-9+.-]+:/i;

/**
 * A directory, or the URL of a Redis. What is neither is refused: a URL with a slash missing would become a directory.
 *
 * @throws Error that says what is wrong with the text, and never repeats it, since it may hold a password
 */
export function parseTokenStore(given: string): string {
  const text = given.trim();
  if (!scheme.test(text)) return parsePath(text);
  if (/^rediss?:\/\/[^/]/i.test(text) && URL.canParse(text) && new URL(text).hostname !== '') return text;
  throw new Error('takes a directory, or Redis as redis://host:6379 or rediss://host:6379');
}

/** @throws Error where the URL of a Redis holds a password */
export function assertNoPassword(text: string): void {
  if (URL.canParse(text) && new URL(text).password === '' && !/[?&](password|auth)=/i.test(text)) return;
  if (!scheme.test(text.trim())) return;
  throw new Error(
    'holds a password, which everyone on this machine could read from the command line; set SYNQLY_TOKEN_STORE instead',
  );
}

/** A text without the user and the password of a URL, as they stand in it and decoded. */
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
