import { isIP } from '../lib/node-builtins.ts';
import { parseNames } from './parsers.ts';

/** The trusted proxies in front of the server: their number, or their networks. */
export type Proxies = { readonly hops: number } | { readonly networks: readonly string[] };

/**
 * Normalizes a host name for comparison: lower case, no trailing dot, an IPv6 address in brackets and in short
 * form; undefined if it is not a host name.
 *
 * @param text without a port
 */
export function canonicalHost(text: string): string | undefined {
  const name = isIP(text) === 6 ? `[${text}]` : text.replace(/\.$/, '');
  if (!/^[\p{L}\p{M}\p{N}._\-:[\]]+$/u.test(name) || !URL.canParse(`http://${name}`)) return undefined;
  const { hostname, port } = new URL(`http://${name}`);
  return port === '' && !name.endsWith(':') ? hostname : undefined;
}

/** Parses the address to listen on, without the brackets of an IPv6 address in a URL. */
export function parseListenHost(text: string): string {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  if (isIP(bare) !== 0 || (bare === text && /^[\p{L}\p{N}._-]+$/u.test(text))) return bare;
  throw new Error(
    `must be an address or a name without a port, such as 127.0.0.1 or 0.0.0.0, not ${quoted(text)}; set the port with --port`,
  );
}

/**
 * Parses comma-separated host names for the Host header. Scheme, port and trailing slash are dropped: people paste
 * URLs, and only the name is compared, since ports may be mapped.
 *
 * @throws Error that says what is wrong with the text, as all parsers here do
 */
export function parseHosts(text: string): string[] {
  return parseNames(text).map((part) => {
    if (part === '*') return part;
    const bare = part.replace(/^https?:\/\//i, '').replace(/\/$/, '');
    const host = canonicalHost(isIP(bare) === 6 ? bare : bare.replace(/:\d{1,5}$/, ''));
    if (host === undefined)
      throw new Error(`must be host names such as mcp.example.com, or * for any, not ${quoted(part)}`);
    return host;
  });
}

/**
 * Parses comma-separated origins as browsers write them: scheme, host, and the port unless it is the scheme's
 * default.
 */
export function parseOrigins(text: string): string[] {
  return parseNames(text).map((part) => {
    if (part === '*') throw new Error('must not be *, which would allow every web page: list the origins');
    if (/^(null|file:.*)$/i.test(part)) {
      throw new Error(
        `must not be ${part.toLowerCase() === 'null' ? 'null' : 'a file: URL'}: every local file and many other pages share that origin`,
      );
    }
    if (!/^[a-z][a-z\d+.-]*:\/\//i.test(part)) {
      const suggested = canonicalHost(part.replace(/:\d+$/, '')) ? part.toLowerCase() : 'chat.example.com';
      throw new Error(`needs a scheme, such as https://${suggested}, not ${quoted(part)}`);
    }
    const url = URL.canParse(part) ? new URL(part) : undefined;
    const isPlain =
      url && url.username + url.password + url.search + url.hash === '' && /^\/?$/.test(url.pathname);
    if (!url?.host || !isPlain || part.includes('*')) {
      const hint =
        url?.host && !part.includes('*')
          ? `${url.protocol}//${url.host.toLowerCase()}`
          : 'https://chat.example.com';
      throw new Error(`must be origins such as ${hint}, without path or wildcard, not ${quoted(part)}`);
    }
    // Node knows no origin for schemes of apps and extensions, but browsers send one.
    return url.origin === 'null' ? `${url.protocol}//${url.host.toLowerCase()}` : url.origin;
  });
}

const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};
const maxHops = 10;

/** Parses the number of trusted proxies or their comma-separated networks; undefined for none. */
export function parseProxies(text: string): Proxies | undefined {
  const parts = parseNames(text.toLowerCase());
  const [first = ''] = parts;
  if (parts.length === 1 && ['false', 'no', '0'].includes(first)) return undefined;
  if (parts.length === 0 || ['true', 'yes'].includes(first)) {
    throw new Error(
      'must be the number of proxies in front (1) or their networks (10.0.0.0/8,127.0.0.1, loopback): a trusted proxy can claim any client address',
    );
  }
  if (parts.length === 1 && /^\d+$/.test(first)) {
    if (Number(first) > maxHops) throw new Error(`must be at most ${maxHops} proxies`);
    return { hops: Number(first) };
  }
  return { networks: parts.flatMap((part) => named[part] ?? [parseNetwork(part)]) };
}

function parseNetwork(part: string): string {
  const [address = '', prefix, ...more] = part.split('/');
  const maxLength = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  const length = prefix === undefined ? maxLength : /^\d{1,3}$/.test(prefix) ? Number(prefix) : 0;
  if (more.length > 0 || length < 1 || length > maxLength) {
    throw new Error(
      `must be a number of proxies, or addresses, networks such as 10.0.0.0/8, and ${Object.keys(named).join(', ')}, not ${quoted(part)}`,
    );
  }
  return `${address}/${length}`;
}

function quoted(part: string): string {
  return JSON.stringify(part.length > 100 ? `${part.slice(0, 100)}…` : part);
}
