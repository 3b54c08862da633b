import type { FastifyRequest } from 'fastify';

/** A request that is turned away before anyone looks at its token or body. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

export interface GuardOptions {
  /** Host names under which the server may be asked, without port; `*` for any. */
  readonly hosts: readonly string[];
  /** Origins beside its own from which browsers may ask, such as `https://chat.example.com`. */
  readonly origins: readonly string[];
}

/**
 * Checks where a request says that it goes to and comes from. A page on the web can have a browser ask a server on
 * loopback under a name of its own (DNS rebinding); the SDK's transport looks at neither header.
 */
export function guard(request: FastifyRequest, { hosts, origins }: GuardOptions): Refusal | undefined {
  const { host, origin } = request.headers;
  if (!isAllowedHost(host, hosts)) return { status: 403, message: 'The Host header names another server.' };
  if (countHeader(request, 'authorization') > 1) {
    return { status: 400, message: 'There is more than one Authorization header.' };
  }
  if (origin === undefined || origins.includes(origin) || isOwnOrigin(origin, host)) return undefined;
  return { status: 403, message: 'Requests from this Origin are not allowed.' };
}

/** The names under which a server on loopback is asked. */
export const loopbackHosts: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

function isAllowedHost(host: string | undefined, hosts: readonly string[]): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return hosts.includes('*') || hosts.includes(name);
}

function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}

/** Node keeps the first of several and drops the rest, where a proxy before it may have looked at another. */
function countHeader(request: FastifyRequest, name: string): number {
  const { rawHeaders } = request.raw;
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index] as string;
    if (header.length === name.length && header.toLowerCase() === name) count += 1;
  }
  return count;
}
