import { isIP } from 'node:net';

/** No address is longer, but a proxy may send any text. */
const maxLength = 64;

/**
 * The key that rate limits count a client address under. A /64 network of IPv6, which one customer gets, is one
 * key; IPv4 written as IPv6 is IPv4.
 */
export function rateLimitKey(address: string): string {
  const bare = withoutPort(address.slice(0, maxLength));
  if (isIP(bare) !== 6) return bare;
  const [plain = ''] = bare.split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  // URL gives the short form of any spelling.
  const short = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [before = '', after] = short.split('::');
  const leading = before === '' ? [] : before.split(':');
  const trailing = after ? after.split(':') : [];
  const zeros = Array.from({ length: 8 - leading.length - trailing.length }, () => '0');
  const groups = after === undefined ? leading : [...leading, ...zeros, ...trailing];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** Some proxies append the client's port, which differs for each connection. */
function withoutPort(address: string): string {
  return address.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1').replace(/^\[([\da-f:.]+)\](:\d+)?$/i, '$1');
}
