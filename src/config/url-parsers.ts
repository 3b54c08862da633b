export const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether a URL's host is this machine. */
export function isLoopback(url: URL): boolean {
  return loopbackHosts.has(url.hostname) || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
}

/**
 * Parses a URL to which a bearer token is sent: https, or http to loopback.
 *
 * @param allowQuery whether it may hold a query
 *
 * @throws Error that says what is wrong with it
 */
export function parseSecureUrl(text: string, { allowQuery = false } = {}): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw new Error('is not a URL, such as https://synqly.example.com');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new Error('must begin with https://');
  if (url.protocol === 'http:' && !isLoopback(url)) {
    throw new Error('must begin with https://: plain http would send the token in the clear');
  }
  if (url.username || url.password) throw new Error('must not hold a user name or password');
  if (url.hash || (url.search && !allowQuery))
    throw new Error(allowQuery ? 'must not hold a fragment' : 'must not hold a query or fragment');
  return url;
}

/** Parses the base URL of the Management API. @throws Error that says what is wrong with it */
export function parseBaseUrl(text: string): URL {
  const url = parseSecureUrl(text);
  if (/\/v1\/?$/.test(url.pathname)) throw new Error('must not end in /v1: requests add it');
  return url;
}
