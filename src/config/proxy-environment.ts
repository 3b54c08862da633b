import { missingReason, withoutQuotes } from '../lib/unfilled-placeholder.ts';

/** The proxies in the environment. */
export interface Proxies {
  readonly httpProxy: string | undefined;
  readonly httpsProxy: string | undefined;
  /** Hosts reached without a proxy, in undici's format. */
  readonly noProxy: string;
}

/** Loopback is loopback reached through a proxy. */
const loopback = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY, lower case first, as curl does. An address without a scheme is an
 * HTTP proxy.
 *
 * @param warn called with a warning for each variable that counts as unset
 * @throws Error that names the variable; no message holds the address, which may contain a password
 */
export function readProxies(
  environment: NodeJS.ProcessEnv,
  warn: (sentence: string) => void = () => {},
): Proxies {
  const read = (...names: readonly string[]) => {
    for (const name of names) {
      const text = environment[name];
      if (text === undefined) continue;
      const fault = missingReason(text);
      if (fault === undefined) return proxyUrl(name, withoutQuotes(text));
      // An empty variable is the usual way to disable a proxy.
      if (text.trim() !== '') warn(`${name} ${fault}; it counts as unset.`);
    }
    return undefined;
  };
  const proxies = {
    httpProxy: read('http_proxy', 'HTTP_PROXY'),
    httpsProxy: read('https_proxy', 'HTTPS_PROXY'),
  };
  const isNamed = proxies.httpProxy !== undefined || proxies.httpsProxy !== undefined;
  if (!isNamed && (environment.all_proxy || environment.ALL_PROXY))
    warn('ALL_PROXY is not supported; set HTTPS_PROXY to an HTTP proxy.');
  const exempt = (environment.no_proxy ?? environment.NO_PROXY ?? '').split(/[,\s]+/).filter(Boolean);
  return { ...proxies, noProxy: exempt.includes('*') ? '*' : [...exempt, ...loopback].join(',') };
}

function proxyUrl(name: string, text: string): string {
  const [, scheme = 'http'] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? [];
  if (/^socks/i.test(scheme))
    throw new Error(`${name} is a SOCKS proxy, which is not supported: use an HTTP proxy.`);
  if (!/^https?$/i.test(scheme))
    throw new Error(`${name} must begin with http:// or https://, such as http://proxy.example.com:8080.`);
  const address = /:\/\//.test(text) ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || /^\d+$/.test(text) || !/^[\w.:[\]%-]+$/.test(url.hostname))
    throw new Error(`${name} is not the address of a proxy, such as http://proxy.example.com:8080.`);
  if (!isEncoded(url.username) || !isEncoded(url.password))
    throw new Error(`The user and password in ${name} must be percent-encoded.`);
  return url.href;
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** The variable that sets the proxy for requests to Synqly. */
export function proxyVariable(environment: NodeJS.ProcessEnv): string | undefined {
  return ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'].find((name) => {
    const text = environment[name];
    return text !== undefined && missingReason(text) === undefined;
  });
}

/** The status with which a proxy refused a connection; undefined for other errors. */
export function proxyStatusOf(error: unknown): number | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    const [, status] = /^Proxy response \((\d{3})\)/.exec(cause.message) ?? [];
    if (status !== undefined) return Number(status);
  }
  return undefined;
}

/** Whether a proxy's status may change on a retry: it could not reach the target. */
export function isTransient(status: number): boolean {
  return status === 429 || status >= 500;
}

/** The message and remediation for a proxy's refusal. */
export function describeProxyRefusal(status: number): {
  readonly message: string;
  readonly remediation: string;
} {
  const name = proxyVariable(process.env) ?? 'HTTPS_PROXY';
  const proxy = `The proxy in ${name}`;
  if (status === 407) {
    return {
      message: `${proxy} requires a login (HTTP 407).`,
      remediation: `The administrator must put a user and a password into ${name}, as in http://user:password@host:port, percent-encoded, or allow the host in the proxy. Nothing was sent.`,
    };
  }
  if (isTransient(status)) {
    return {
      message: `${proxy} could not reach the host (HTTP ${status}).`,
      remediation:
        'Nothing was sent. Try again; if it keeps failing, the administrator must check the proxy.',
    };
  }
  return {
    message: `${proxy} does not allow this host (HTTP ${status}).`,
    remediation: `The administrator must allow the host in the proxy, or add it to NO_PROXY. Nothing was sent.`,
  };
}
