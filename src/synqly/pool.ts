import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';

const options = { connect: { timeout: 10_000 } };

/**
 * A keep-alive pool. undici reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY itself; loopback never goes through a proxy.
 *
 * @param origin the one that all requests go to, where there is only one
 */
export function openPool(origin?: string): Dispatcher {
  // Looking for a proxy costs every request something, so it is left out where none is named.
  if (!hasProxy(process.env)) return origin === undefined ? new Agent(options) : new Pool(origin, options);
  const declared = process.env.no_proxy ?? process.env.NO_PROXY ?? '';
  return new EnvHttpProxyAgent({
    noProxy:
      declared.trim() === '*' ? '*' : [declared, 'localhost', '127.0.0.1', '[::1]'].filter(Boolean).join(','),
    ...options,
  });
}

function hasProxy(environment: NodeJS.ProcessEnv): boolean {
  return ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'].some((name) => environment[name]);
}
