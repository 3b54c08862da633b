import { isIP } from '../lib/node-builtins.ts';
import { parseNames } from './parsers.ts';

/** Which proxies stand in front: how many, or the networks that they are in. */
export type Proxies = { readonly hops: number } | { readonly networks: readonly string[] };

/**
 * A host name as it is compared: in lower case, an IPv6 address in brackets and in its short form, without a dot at the
 * end; undefined for what is no host name.
 *
 * @param text without a port
 */
export function canonicalHost(text: string): string | undefined {
  const name = isIP(text) === 6 ? `[${text}]` : text.replace(/\.$/, '');
  if (!/^[\p{L}\p{M}\p{N}._\-:[\]]+$/u.test(name) || !URL.canParse(`http://${name}`)) return undefined;
  const { hostname, port } = new URL(`http://${name}`);
  return port === '' && !name.endsWith(':') ? hostname : undefined;
}

/** The address to listen on, without the brackets that an IPv6 address has in a URL. */
export function parseListenHost(text: string): string {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  if (isIP(bare) !== 0 || (bare === text && /^[\p{L}\p{N}._-]+$/u.test(text))) return bare;
  throw new Error(
    `takes an address or a name alone, such as 127.0.0.1 or 0.0.0.0, not ${cited(text)}; the port is --port`,
  );
}

/**
 * Host names between commas, for the Host header. A scheme, a port and a slash at the end are left away: people copy
 * URLs, and only the name is compared, since a port may be mapped to another on the way.
 *
 * @throws Error that says what is wrong with the text, as all of these do
 */
export function parseHosts(text: string): string[] {
  return parseNames(text).map((part) => {
    if (part === '*') return part;
    const bare = part.replace(/^https?:\/\//i, '').replace(/\/$/, '');
    const host = canonicalHost(isIP(bare) === 6 ? bare : bare.replace(/:\d{1,5}$/, ''));
    if (host === undefined)
      throw new Error(`takes names such as mcp.example.com, or * for any, not ${cited(part)}`);
    return host;
  });
}

/** Origins between commas, each as a browser writes it: scheme, host, and the port where it is not the scheme's own. */
export function parseOrigins(text: string): string[] {
  return parseNames(text).map((part) => {
    if (part === '*') throw new Error('takes no *, which would let every web page ask: list the origins');
    if (/^(null|file:.*)$/i.test(part)) {
      throw new Error(
        `takes no ${part.toLowerCase() === 'null' ? 'null' : 'file: URL'}, whose origin is that of any local file and many other pages`,
      );
    }
    if (!/^[a-z][a-z\d+.-]*:\/\//i.test(part)) {
      const suggested = canonicalHost(part.replace(/:\d+$/, '')) ? part.toLowerCase() : 'chat.example.com';
      throw new Error(`needs the scheme as well, such as https://${suggested}, not ${cited(part)}`);
    }
    const url = URL.canParse(part) ? new URL(part) : undefined;
    const isPlain =
      url && url.username + url.password + url.search + url.hash === '' && /^\/?$/.test(url.pathname);
    if (!url?.host || !isPlain || part.includes('*')) {
      const hint =
        url?.host && !part.includes('*')
          ? `${url.protocol}//${url.host.toLowerCase()}`
          : 'https://chat.example.com';
      throw new Error(`takes origins such as ${hint}, without path or wildcard, not ${cited(part)}`);
    }
    // Schemes of apps and extensions have no origin of their own in Node, and browsers send one all the same.
    return url.origin === 'null' ? `${url.protocol}//${url.host.toLowerCase()}` : url.origin;
  });
}

const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};
const maxHops = 10;

/** How many proxies stand in front, or their networks between commas; undefined where none is to be believed. */
export function parseProxies(text: string): Proxies | undefined {
  const parts = parseNames(text.toLowerCase());
  const [first = ''] = parts;
  if (parts.length === 1 && ['false', 'no', '0'].includes(first)) return undefined;
  if (parts.length === 0 || ['true', 'yes'].includes(first)) {
    throw new Error(
      'takes how many proxies stand in front (1), or the networks they are in (10.0.0.0/8,127.0.0.1, loopback): whoever is believed can say to be anyone',
    );
  }
  if (parts.length === 1 && /^\d+$/.test(first)) {
    if (Number(first) > maxHops) throw new Error(`takes ${maxHops} proxies at most`);
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
      `takes a number of proxies, or addresses, networks such as 10.0.0.0/8, and ${Object.keys(named).join(', ')}, not ${cited(part)}`,
    );
  }
  return `${address}/${length}`;
}

function cited(part: string): string {
  return JSON.stringify(part.length > 100 ? `${part.slice(0, 100)}…` : part);
}
