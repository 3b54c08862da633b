import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { type Proxies, readProxies } from '../config/proxy-environment.ts';
import { isLoopback } from '../config/url-parsers.ts';

const options = { connect: { timeout: 10_000 } };

/**
 * A keep-alive pool, through the proxies that the environment names. Loopback never goes through a proxy.
 *
 * @param origin the one that all requests go to, where there is only one
 */
export function createDispatcher(origin?: string): Dispatcher {
  const proxies = origin !== undefined && isLoopback(new URL(origin)) ? undefined : readProxies(process.env);
  // Looking for a proxy costs every request something, so it is left out where none is named.
  if (!proxies || !hasProxy(proxies))
    return origin === undefined ? new Agent(options) : new Pool(origin, options);
  const { httpProxy = '', httpsProxy = '', noProxy } = proxies;
  // Empty rather than left out: undici would read the environment again.
  return new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy, ...options });
}

const hasProxy = ({ httpProxy, httpsProxy }: Proxies) => httpProxy !== undefined || httpsProxy !== undefined;
