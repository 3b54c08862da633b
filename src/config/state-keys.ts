/** Length of an AES-256 key. */
const keyBytes = 32;

/**
 * Parses keys in base64 or hexadecimal, one a line or separated by commas.
 *
 * @throws Error that says what is wrong, without quoting the text
 */
export function parseStateKeys(text: string): readonly Buffer[] {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '');
  if (parts.length === 0) throw new Error('holds no key');
  return parts.map(parseKey);
}

function parseKey(text: string): Buffer {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  const key = Buffer.from(text, 'base64');
  if (/^[\w+/-]{43}=?$/.test(text) && key.length === keyBytes) return key;
  throw new Error(
    `must be ${keyBytes} bytes in base64 or hexadecimal, as of openssl rand -base64 ${keyBytes}`,
  );
}
