import { BlockList, isIP } from 'node:net';
import type { Proxies } from '../../config/http-parsers.ts';

/**
 * Whether an address is a trusted proxy.
 *
 * @param hop 0 for the connected address, 1 for the one before it in X-Forwarded-For, and so on
 */
export type ProxyTrust = (address: string, hop: number) => boolean;

/** Creates the trust check. A hop count trusts every address, for a port that only the proxy can reach. */
export function trustIn(proxies: Proxies | undefined): ProxyTrust | undefined {
  if (!proxies) return undefined;
  if ('hops' in proxies) return (_, hop) => hop < proxies.hops;
  const networks = new BlockList();
  for (const network of proxies.networks) {
    const [address = '', prefix = ''] = network.split('/');
    networks.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && networks.check(address, version === 6 ? 'ipv6' : 'ipv4');
  };
}
