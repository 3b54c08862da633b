import { BlockList, isIP } from 'node:net';
import type { Proxies } from '../../config/http-parsers.ts';

/**
 * Whether the sender of a request, or of what it forwards, is a proxy that is believed.
 *
 * @param hop 0 for the one that is connected, 1 for the one before it, as X-Forwarded-For tells
 */
export type ProxyTrust = (address: string, hop: number) => boolean;

/** Who is believed. By hops whoever connects is: for a port that nothing but the proxy reaches. */
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
