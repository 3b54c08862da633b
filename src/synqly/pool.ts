import { EnvHttpProxyAgent } from 'undici';

/** A keep-alive pool. undici reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY itself; loopback never goes through a proxy. */
export function openPool(): EnvHttpProxyAgent {
  const declared = process.env.no_proxy ?? process.env.NO_PROXY ?? '';
  return new EnvHttpProxyAgent({
    noProxy:
      declared.trim() === '*' ? '*' : [declared, 'localhost', '127.0.0.1', '[::1]'].filter(Boolean).join(','),
    connect: { timeout: 10_000 },
  });
}
