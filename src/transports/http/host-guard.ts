import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { canonicalHost } from '../../config/http-parsers.ts';
import type { ProxyTrust } from './trusted-proxies.ts';

/** The HTTP error for a request that is rejected before it is handled. */
export interface Rejection {
  readonly status: number;
  readonly message: string;
}

export interface GuardOptions {
  /** Allowed host names, as `parseHosts` returns them; `*` for any. */
  readonly hosts: readonly string[];
  /** Origins, beside the server's own, that browsers may call from, such as `https://chat.example.com`. */
  readonly origins: readonly string[];
  /** Which addresses are proxies whose X-Forwarded headers are trusted; undefined for none. */
  readonly trusts?: ProxyTrust | undefined;
  /** Whether any IP address is allowed as the host. */
  readonly allowIpHosts?: boolean;
}

/**
 * Checks the Host and Origin headers. A web page can make a browser call a server on loopback under a name that the
 * page controls (DNS rebinding); the SDK's transport checks neither header.
 */
export function checkHost(
  request: FastifyRequest,
  { hosts, origins, trusts, allowIpHosts = false }: GuardOptions,
): Rejection | undefined {
  const repeated = repeatedHeader(request);
  if (repeated) return { status: 400, message: `There is more than one ${repeated} header: send it once.` };
  const target = targetOf(request, trusts);
  if (!isAllowedHost(target.host, hosts) && !(allowIpHosts && isAddress(target.host)))
    return { status: 403, message: hostRejectionMessage(target) };
  const { origin } = request.headers;
  if (origin === undefined || origins.includes(origin) || isOwnOrigin(origin, target)) return undefined;
  return {
    status: 403,
    message: `The Origin header is ${quoted(origin)}, which is neither this server's own nor listed in --allowed-origins.`,
  };
}

/** Host names of a server on loopback. */
export const loopbackHosts: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/** The host and scheme that the client called. */
interface RequestTarget {
  readonly host: string | undefined;
  readonly header: 'Host' | 'X-Forwarded-Host';
  /** `http` or `https`, if a trusted proxy sends it. */
  readonly scheme: string | undefined;
}

function targetOf({ headers, raw }: FastifyRequest, trusts: ProxyTrust | undefined): RequestTarget {
  const { host } = headers;
  if (!trusts?.(raw.socket.remoteAddress ?? '', 0)) return { host, header: 'Host', scheme: undefined };
  const scheme = lastOf(headers['x-forwarded-proto']);
  const forwarded = lastOf(headers['x-forwarded-host']);
  if (forwarded === undefined) return { host, header: 'Host', scheme };
  return { host: forwarded, header: 'X-Forwarded-Host', scheme };
}

/** The value that the nearest proxy added; the client may have sent the ones before it. */
function lastOf(header: string | string[] | undefined): string | undefined {
  return header === undefined ? undefined : String(header).split(',').at(-1)?.trim();
}

function isAllowedHost(host: string | undefined, hosts: readonly string[]): boolean {
  if (!host) return false;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (hosts.includes('*') || hosts.includes(name)) return true;
  // Other spellings: a trailing dot, an expanded IPv6 address.
  const canonical = canonicalHost(name);
  return canonical !== undefined && hosts.includes(canonical);
}

function isAddress(host = ''): boolean {
  const name = host.replace(/:\d{1,5}$/, '');
  return isIP(/^\[(.*)\]$/.exec(name)?.[1] ?? name) !== 0;
}

function isOwnOrigin(origin: string, { host, scheme }: RequestTarget): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const own = new URL(origin);
  if (scheme !== undefined && own.protocol !== `${scheme.toLowerCase()}:`) return false;
  // Compare with the origin's scheme, so that its default port may be written or left out.
  const target = `${own.protocol}//${host}`;
  return own.host === host.toLowerCase() || (URL.canParse(target) && own.host === new URL(target).host);
}

function hostRejectionMessage({ host, header }: RequestTarget): string {
  if (!host) return `The ${header} header names no host.`;
  return `The ${header} header is ${quoted(host)}, which --allowed-hosts does not list.`;
}

const maxQuoteLength = 100;

/** A client's text for an error message: shortened, and in visible characters. */
function quoted(text: string): string {
  const clipped = text.length > maxQuoteLength ? `${text.slice(0, maxQuoteLength)}…` : text;
  return JSON.stringify(clipped).replace(
    /[^\x20-\x7e…]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * A header that must occur once but occurs twice. Node keeps the first or joins them, while a proxy may have checked
 * another.
 */
function repeatedHeader({ raw: { rawHeaders } }: FastifyRequest): string | undefined {
  let hosts = 0;
  let authorizations = 0;
  let apiKeys = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index] as string;
    if (header.length === 4 && header.toLowerCase() === 'host') hosts += 1;
    if (header.length === 13 && header.toLowerCase() === 'authorization') authorizations += 1;
    if (header.length === 9 && header.toLowerCase() === 'x-api-key') apiKeys += 1;
  }
  if (hosts > 1) return 'Host';
  if (authorizations > 1) return 'Authorization';
  return apiKeys > 1 ? 'X-Api-Key' : undefined;
}
