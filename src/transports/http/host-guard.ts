import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { canonicalHost } from '../../config/http-parsers.ts';
import type { ProxyTrust } from './trusted-proxies.ts';

/** A request that is turned away before anyone looks at its token or body. */
export interface Rejection {
  readonly status: number;
  readonly message: string;
}

export interface GuardOptions {
  /** Host names under which the server may be asked, as `parseHosts` gives them; `*` for any. */
  readonly hosts: readonly string[];
  /** Origins beside its own from which browsers may ask, such as `https://chat.example.com`. */
  readonly origins: readonly string[];
  /** Which senders are proxies whose X-Forwarded headers are believed; undefined for none. */
  readonly trusts?: ProxyTrust | undefined;
  /** Whether it may be asked under any IP address as well. */
  readonly byAddress?: boolean;
}

/**
 * Checks where a request says that it goes to and comes from. A page on the web can have a browser ask a server on
 * loopback under a name of its own (DNS rebinding); the SDK's transport looks at neither header.
 */
export function checkHost(
  request: FastifyRequest,
  { hosts, origins, trusts, byAddress = false }: GuardOptions,
): Rejection | undefined {
  const repeated = repeatedHeader(request);
  if (repeated) return { status: 400, message: `There is more than one ${repeated} header.` };
  const asked = addressOf(request, trusts);
  if (!isAllowedHost(asked.host, hosts) && !(byAddress && isAddress(asked.host)))
    return { status: 403, message: whyHostRefused(asked) };
  const { origin } = request.headers;
  if (origin === undefined || origins.includes(origin) || isOwnOrigin(origin, asked)) return undefined;
  return {
    status: 403,
    message: `The Origin header is ${quoted(origin)}, which is neither this server's own nor listed in --allowed-origins.`,
  };
}

/** The names under which a server on loopback is asked. */
export const loopbackHosts: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/** What the client asked for, as far as it is known here. */
interface Asked {
  readonly host: string | undefined;
  readonly header: 'Host' | 'X-Forwarded-Host';
  /** `http` or `https`, where a trusted proxy tells. */
  readonly scheme: string | undefined;
}

function addressOf({ headers, raw }: FastifyRequest, trusts: ProxyTrust | undefined): Asked {
  const { host } = headers;
  if (!trusts?.(raw.socket.remoteAddress ?? '', 0)) return { host, header: 'Host', scheme: undefined };
  const scheme = lastOf(headers['x-forwarded-proto']);
  const forwarded = lastOf(headers['x-forwarded-host']);
  if (forwarded === undefined) return { host, header: 'Host', scheme };
  return { host: forwarded, header: 'X-Forwarded-Host', scheme };
}

/** The value that the nearest proxy has added; those before it may be the client's own. */
function lastOf(header: string | string[] | undefined): string | undefined {
  return header === undefined ? undefined : String(header).split(',').at(-1)?.trim();
}

function isAllowedHost(host: string | undefined, hosts: readonly string[]): boolean {
  if (!host) return false;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (hosts.includes('*') || hosts.includes(name)) return true;
  // Written in another way: a dot at the end, an IPv6 address in full.
  const canonical = canonicalHost(name);
  return canonical !== undefined && hosts.includes(canonical);
}

function isAddress(host = ''): boolean {
  const name = host.replace(/:\d{1,5}$/, '');
  return isIP(/^\[(.*)\]$/.exec(name)?.[1] ?? name) !== 0;
}

function isOwnOrigin(origin: string, { host, scheme }: Asked): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const own = new URL(origin);
  if (scheme !== undefined && own.protocol !== `${scheme.toLowerCase()}:`) return false;
  // With the origin's scheme, its default port may be named or not.
  const asked = `${own.protocol}//${host}`;
  return own.host === host.toLowerCase() || (URL.canParse(asked) && own.host === new URL(asked).host);
}

function whyHostRefused({ host, header }: Asked): string {
  if (!host) return `The ${header} header names no host.`;
  return `The ${header} header is ${quoted(host)}, which --allowed-hosts does not list.`;
}

const maxQuoteLength = 100;

/** Words of a stranger, for a message: clipped, and in characters that can be seen. */
function quoted(text: string): string {
  const clipped = text.length > maxQuoteLength ? `${text.slice(0, maxQuoteLength)}…` : text;
  return JSON.stringify(clipped).replace(
    /[^\x20-\x7e…]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * A header there may be one of, which is there twice. Node keeps the first of several and drops the rest, where a proxy
 * before it may have looked at another.
 */
function repeatedHeader({ raw: { rawHeaders } }: FastifyRequest): 'Host' | 'Authorization' | undefined {
  let hosts = 0;
  let authorizations = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index] as string;
    if (header.length === 4 && header.toLowerCase() === 'host') hosts += 1;
    if (header.length === 13 && header.toLowerCase() === 'authorization') authorizations += 1;
  }
  if (hosts > 1) return 'Host';
  return authorizations > 1 ? 'Authorization' : undefined;
}
