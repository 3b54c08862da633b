import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { type Proxies, readProxies } from '../config/proxy-environment.ts';
import { isLoopback } from '../config/url-parsers.ts';

const options = { connect: { timeout: 10_000 } };

/**
 * Creates a keep-alive pool that uses the proxies in the environment, but never for loopback.
 *
 * @param origin the only origin of all requests, if there is one
 */
export function createDispatcher(origin?: string): Dispatcher {
  const proxies = origin !== undefined && isLoopback(new URL(origin)) ? undefined : readProxies(process.env);
  // Proxy selection costs time per request, so it is skipped without a proxy.
  if (!proxies || !hasProxy(proxies))
    return origin === undefined ? new Agent(options) : new Pool(origin, options);
  const { httpProxy = '', httpsProxy = '', noProxy } = proxies;
  // Empty rather than undefined: otherwise undici reads the environment itself.
  return new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy, ...options });
}

const hasProxy = ({ httpProxy, httpsProxy }: Proxies) => httpProxy !== undefined || httpsProxy !== undefined;
