import { isIP } from 'node:net';

/** An address is never longer; what a proxy tells may be anything. */
const maxLength = 64;

/**
 * Whom a request is counted to by its address. A network of IPv6 that one customer gets (/64) is one sender, and
 * IPv4 written as IPv6 is IPv4.
 */
export function senderOf(address: string): string {
  const bare = withoutPort(address.slice(0, maxLength));
  if (isIP(bare) !== 6) return bare;
  const [plain = ''] = bare.split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  // In its short form, whatever form it came in.
  const short = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [before = '', after] = short.split('::');
  const front = before === '' ? [] : before.split(':');
  const tail = after ? after.split(':') : [];
  const zeros = Array.from({ length: 8 - front.length - tail.length }, () => '0');
  const groups = after === undefined ? front : [...front, ...zeros, ...tail];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** Some proxies name the sender with its port, which is another for each connection. */
function withoutPort(address: string): string {
  return address.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1').replace(/^\[([\da-f:.]+)\](:\d+)?$/i, '$1');
}
