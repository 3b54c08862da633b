import { type Proxies, proxyStatusOf, proxyVariable, readProxies } from '../../config/proxy-environment.ts';
import { isLoopback } from '../../config/url-parsers.ts';
import type { CallError } from '../../errors.ts';
import { isIP } from '../../lib/node-builtins.ts';
import { codeOf, isTlsError, isUnsent } from '../../synqly/network-error.ts';
import { type Check, failed, passed, skipped } from './check.ts';
import type { Answered } from './probe.ts';

/** How requests to the API are routed. */
export interface Route {
  readonly url: URL;
  /** The variable of the proxy, and its address without a login; undefined for a direct connection. */
  readonly proxy: { readonly variable: string; readonly address: string } | undefined;
  /** What to say of the proxy where there is none. */
  readonly noProxyReason: string;
}

/** @throws Error that names the variable of a proxy that cannot be used */
export function routeTo(url: URL, environment: NodeJS.ProcessEnv): Route {
  const proxies = readProxies(environment);
  const address = proxyFor(url, proxies);
  const variable = proxyVariable(environment);
  if (variable === undefined) return { url, proxy: undefined, noProxyReason: 'none is set' };
  if (address === undefined)
    return { url, proxy: undefined, noProxyReason: `${variable} is not used for ${url.hostname}` };
  return { url, proxy: { variable, address: new URL(address).host }, noProxyReason: '' };
}

/** The proxy that undici's EnvHttpProxyAgent chooses. */
function proxyFor(url: URL, { httpProxy, httpsProxy, noProxy }: Proxies): string | undefined {
  if (noProxy === '*' || isLoopback(url)) return undefined;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const isExempt = noProxy.split(',').some((entry) => {
    const [, name = entry, only] = /^(.+):(\d+)$/.exec(entry) ?? [];
    if (only !== undefined && only !== port) return false;
    const host = name.toLowerCase();
    return /^[.*]/.test(host) ? url.hostname.endsWith(host.replace(/^\*/, '')) : url.hostname === host;
  });
  if (isExempt) return undefined;
  return url.protocol === 'https:' ? (httpsProxy ?? httpProxy) : httpProxy;
}

type Step = 'proxy' | 'dns' | 'tls' | 'connection';
const steps: readonly Step[] = ['proxy', 'dns', 'tls', 'connection'];

/** The checks of a connection that brought an answer. */
export function checkConnected({ url, proxy, noProxyReason }: Route): readonly Check[] {
  return [
    proxy
      ? passed('proxy', `${proxy.address} (${proxy.variable}) connects to ${url.hostname}`)
      : passed('proxy', noProxyReason),
    checkName(url, proxy !== undefined),
    checkTls(url),
    passed('connection', `${url.origin} answers`),
  ];
}

/** The checks of a connection that brought no answer: the first step that failed, and those before and after it. */
export function checkUnconnected(route: Route, error: CallError): readonly Check[] {
  const step = failedStep(route, error.cause);
  const place = steps.indexOf(step);
  return checkConnected(route).map((check, at) => {
    if (at < place) return check.check === 'proxy' && route.proxy ? passed('proxy', address(route)) : check;
    return at === place
      ? describeFailure(step, route, error)
      : skipped(check.check, `not checked: see ${step}`);
  });
}

const address = ({ proxy }: Route) => `${proxy?.address} (${proxy?.variable}) is used`;

function checkName(url: URL, isProxied: boolean): Check {
  if (isProxied) return skipped('dns', 'the proxy looks the name up');
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0)
    return skipped('dns', `${url.hostname} is an address`);
  return passed('dns', `${url.hostname} is found`);
}

function checkTls({ protocol, hostname }: URL): Check {
  if (protocol === 'http:') return skipped('tls', 'plain HTTP to this machine');
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    return failed(
      'tls',
      'NODE_TLS_REJECT_UNAUTHORIZED=0: no certificate is checked, so that anybody in between can read the token.',
      'Unset it, and set NODE_EXTRA_CA_CERTS to the certificate of your own authority.',
    );
  }
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  const also = extra ? `, with the authorities in ${extra} (NODE_EXTRA_CA_CERTS)` : '';
  return passed('tls', `the certificate of ${hostname} is accepted${also}`);
}

function failedStep({ proxy }: Route, cause: unknown): Step {
  if (proxyStatusOf(cause) !== undefined) return 'proxy';
  if (isTlsError(cause)) return 'tls';
  if (!isUnsent(cause)) return 'connection';
  if (proxy) return 'proxy';
  return isNameError(cause) ? 'dns' : 'connection';
}

const isNameError = (cause: unknown) => ['ENOTFOUND', 'EAI_AGAIN'].includes(codeOf(cause) ?? '');

function describeFailure(step: Step, { url, proxy }: Route, error: CallError): Check {
  const code = codeOf(error.cause);
  const named = code === undefined ? '' : ` (${code})`;
  switch (step) {
    case 'proxy':
      if (proxyStatusOf(error.cause) !== undefined) return failed(step, error.message, nextOf(error));
      return failed(
        step,
        `The proxy ${proxy?.address} in ${proxy?.variable} ${isNameError(error.cause) ? 'was not found' : 'cannot be reached'}${named}.`,
        `Correct ${proxy?.variable}, start the proxy, or add ${url.hostname} to NO_PROXY.`,
      );
    case 'dns':
      return failed(
        step,
        `The name ${url.hostname} was not found${named}.`,
        'Check --base-url (SYNQLY_BASE_URL), and the network and DNS of this machine; where only a proxy reaches the internet, set HTTPS_PROXY.',
      );
    case 'tls':
      return failed(step, `The TLS connection to ${url.host} failed${named}.`, tlsRemediation(code, url));
    case 'connection':
      return failed(
        step,
        `${url.origin} does not answer${named}: ${error.message}`,
        'Check --base-url (SYNQLY_BASE_URL), the firewall, and whether Synqly is up; where only a proxy reaches the internet, set HTTPS_PROXY.',
      );
  }
}

function tlsRemediation(code = '', url: URL): string {
  if (/SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/.test(code))
    return 'Set NODE_EXTRA_CA_CERTS to a PEM file with the certificate of its authority; with a proxy that inspects TLS, that of the proxy.';
  if (/EXPIRED|NOT_YET_VALID/.test(code))
    return `Check the clock of this machine; if it is right, the certificate of ${url.hostname} must be renewed.`;
  if (/ALTNAME/.test(code))
    return `The certificate is for another name than ${url.hostname}: correct --base-url (SYNQLY_BASE_URL).`;
  return 'Check that --base-url (SYNQLY_BASE_URL) names an HTTPS server, and that nothing in between breaks TLS.';
}

function nextOf(error: CallError): string {
  return String(error.toJSON().next ?? '');
}

/** Seconds by which clocks may differ: Date has whole seconds, and answers take time. */
const maxClockDifference = 60;

/** Compares this machine's clock with that of the API, by the header Date of an answer. */
export function checkClock({ headers, at }: Answered): Check {
  const sent = Date.parse(String(headers.date ?? ''));
  if (Number.isNaN(sent)) return skipped('clock', 'the answer of Synqly has no date');
  // A cache says how old its answer is (RFC 9111, 5.1).
  const age = Number(headers.age ?? 0) || 0;
  const seconds = Math.round((at - sent) / 1000 - age);
  const details = { difference_s: seconds };
  if (Math.abs(seconds) <= maxClockDifference) return passed('clock', 'agrees with Synqly', details);
  return failed(
    'clock',
    `The clock of this machine is ${durationOf(Math.abs(seconds))} ${seconds > 0 ? 'ahead of' : 'behind'} that of Synqly.`,
    'Set it, and have it synchronized (NTP): tokens and certificates are valid for a time.',
    details,
  );
}

/** A duration for people: `45 seconds`, `60 minutes`, `3 hours`. */
export function durationOf(seconds: number): string {
  const units = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ] as const;
  const [unit, length] = units.find((one) => seconds >= 2 * one[1]) ?? (['second', 1] as const);
  const count = Math.round(seconds / length);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
