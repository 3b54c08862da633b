import { define } from './setting.ts';
import { parseBoolean, parseList, parseNumber } from './setting-parsers.ts';

/** What only a server over HTTP is told. */
export const httpSettings = {
  host: define<string>({
    flag: 'host',
    placeholder: 'address',
    env: 'SYNQLY_HTTP_HOST',
    fallback: '127.0.0.1',
    help: 'HTTP: address to listen on. Beyond loopback it needs --allowed-hosts.',
    parse: (text) => text,
  }),
  port: define<number>({
    flag: 'port',
    placeholder: 'n',
    env: 'SYNQLY_HTTP_PORT',
    fallback: 3000,
    help: 'HTTP: port to listen on; 0 picks one.',
    parse: (text) => Math.trunc(parseNumber(text, 0, 65_535)),
  }),
  allowedHosts: define<readonly string[]>({
    flag: 'allowed-hosts',
    placeholder: 'names',
    env: 'SYNQLY_HTTP_ALLOWED_HOSTS',
    fallback: [],
    fallbackText: 'loopback',
    help: 'HTTP: names under which the server is asked, by commas; * for any.',
    parse: parseList,
  }),
  allowedOrigins: define<readonly string[]>({
    flag: 'allowed-origins',
    placeholder: 'urls',
    env: 'SYNQLY_HTTP_ALLOWED_ORIGINS',
    fallback: [],
    fallbackText: 'its own',
    help: 'HTTP: origins of web pages that may ask, by commas; switches CORS on for them.',
    parse: parseList,
  }),
  sessions: define<boolean>({
    flag: 'sessions',
    env: 'SYNQLY_HTTP_SESSIONS',
    fallback: false,
    help: 'HTTP: keep sessions, for clients that take requests from the server.',
    parse: parseBoolean,
  }),
  tokenStore: define<string | undefined>({
    flag: 'token-store',
    placeholder: 'where',
    env: 'SYNQLY_TOKEN_STORE',
    fallback: undefined,
    fallbackText: '~/.local/state/synqly-mcp/tokens',
    help: 'Where hashes of MCP tokens are kept: a directory, or redis://... for several gateways.',
    parse: (text) => text,
  }),
  trustProxy: define<boolean>({
    flag: 'trust-proxy',
    env: 'SYNQLY_HTTP_TRUST_PROXY',
    fallback: false,
    help: 'HTTP: believe the X-Forwarded headers of a proxy in front.',
    parse: parseBoolean,
  }),
  ratePerMinute: define<number>({
    flag: 'rate-per-minute',
    placeholder: 'n',
    env: 'SYNQLY_HTTP_RATE_PER_MINUTE',
    fallback: 600,
    help: 'HTTP: requests that one token may send in a minute.',
    parse: (text) => Math.trunc(parseNumber(text, 1, 10_000_000)),
  }),
  maxConcurrent: define<number>({
    flag: 'max-concurrent',
    placeholder: 'n',
    env: 'SYNQLY_HTTP_MAX_CONCURRENT',
    fallback: 512,
    help: 'HTTP: requests served at one time; more are answered 503.',
    parse: (text) => Math.trunc(parseNumber(text, 1, 100_000)),
  }),
};
