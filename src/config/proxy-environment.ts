import { missingReason, withoutQuotes } from '../lib/unfilled-placeholder.ts';

/** The proxies that the environment names; undefined for none. */
export interface Proxies {
  readonly httpProxy: string | undefined;
  readonly httpsProxy: string | undefined;
  /** Hosts that are asked without one, as undici takes them. */
  readonly noProxy: string;
}

/** Loopback is never asked through a proxy. */
const never = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in small letters first, as curl does. An address without a scheme is one of
 * an HTTP proxy.
 *
 * @param say told of variables that count as unset
 * @throws Error that names the variable; an address may hold a password, and is in no message
 */
export function readProxies(
  environment: NodeJS.ProcessEnv,
  say: (sentence: string) => void = () => {},
): Proxies {
  const read = (...names: readonly string[]) => {
    for (const name of names) {
      const text = environment[name];
      if (text === undefined) continue;
      const fault = missingReason(text);
      if (fault === undefined) return addressOf(name, withoutQuotes(text));
      // An empty one is the usual way to switch a proxy off.
      if (text.trim() !== '') say(`${name} ${fault}; it counts as unset.`);
    }
    return undefined;
  };
  const proxies = {
    httpProxy: read('http_proxy', 'HTTP_PROXY'),
    httpsProxy: read('https_proxy', 'HTTPS_PROXY'),
  };
  const isNamed = proxies.httpProxy !== undefined || proxies.httpsProxy !== undefined;
  if (!isNamed && (environment.all_proxy || environment.ALL_PROXY))
    say('ALL_PROXY is not read; set HTTPS_PROXY to an HTTP proxy where Synqly is reached through one.');
  const exempt = (environment.no_proxy ?? environment.NO_PROXY ?? '').split(/[,\s]+/).filter(Boolean);
  return { ...proxies, noProxy: exempt.includes('*') ? '*' : [...exempt, ...never].join(',') };
}

function addressOf(name: string, text: string): string {
  const [, scheme = 'http'] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? [];
  if (/^socks/i.test(scheme))
    throw new Error(`${name} names a SOCKS proxy, which this program cannot use: name an HTTP proxy.`);
  if (!/^https?$/i.test(scheme))
    throw new Error(`${name} must begin with http:// or https://, as http://proxy.example.com:8080 does.`);
  const address = /:\/\//.test(text) ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || /^\d+$/.test(text) || !/^[\w.:[\]%-]+$/.test(url.hostname))
    throw new Error(`${name} is not the address of a proxy, such as http://proxy.example.com:8080.`);
  if (!isEncoded(url.username) || !isEncoded(url.password))
    throw new Error(`${name} holds a user or a password that is not percent-encoded.`);
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

/** The variable that a request to Synqly takes its proxy from. */
export function proxyVariable(environment: NodeJS.ProcessEnv): string | undefined {
  return ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'].find((name) => {
    const text = environment[name];
    return text !== undefined && missingReason(text) === undefined;
  });
}

/** The status with which a proxy refused to open the way; undefined for other errors. */
export function proxyStatusOf(error: unknown): number | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    const [, status] = /^Proxy response \((\d{3})\)/.exec(cause.message) ?? [];
    if (status !== undefined) return Number(status);
  }
  return undefined;
}

/** Answers of a proxy that another try may end otherwise: it could not reach the other side. */
export function mayPass(status: number): boolean {
  return status === 429 || status >= 500;
}

/** What a proxy's refusal means, and what can be done about it. */
export function describeProxyRefusal(status: number): {
  readonly message: string;
  readonly remediation: string;
} {
  const name = proxyVariable(process.env) ?? 'HTTPS_PROXY';
  const proxy = `The proxy that ${name} names`;
  if (status === 407) {
    return {
      message: `${proxy} wants a login (HTTP 407).`,
      remediation: `The administrator must put a user and a password into ${name}, as in http://user:password@host:port, percent-encoded, or ask for the host to be let through. Nothing was sent.`,
    };
  }
  if (mayPass(status)) {
    return {
      message: `${proxy} could not open the way (HTTP ${status}).`,
      remediation: 'Nothing was sent. Try again; if it stays so, the administrator must look at the proxy.',
    };
  }
  return {
    message: `${proxy} does not let this host through (HTTP ${status}).`,
    remediation: `The administrator must have the proxy let the host through, or name the host in NO_PROXY. Nothing was sent.`,
  };
}
