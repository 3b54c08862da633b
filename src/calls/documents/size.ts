import { isJsonObject } from '../../json.ts';

/**
 * Bytes of an answer about a document. JSON takes 0.2 to 0.35 tokens a byte, and the densest text (keys, hashes) no
 * more than 0.75, so that no answer comes to 10,000 tokens.
 */
export const mostBytes = 12_000;

/** Bytes of a value as JSON; counting ends soon after `most`, so that a long value costs no more than a short one. */
export function bytesOf(value: unknown, most = Number.POSITIVE_INFINITY): number {
  if (typeof value === 'string') return bytesOfText(value, most);
  if (Array.isArray(value)) {
    let bytes = 2;
    for (const item of value) {
      if (bytes > most) break;
      bytes += 1 + bytesOf(item, most - bytes);
    }
    return bytes;
  }
  if (!isJsonObject(value)) return String(value).length;
  let bytes = 2;
  for (const key in value) {
    if (bytes > most) break;
    bytes += 2 + bytesOfText(key, most) + bytesOf(value[key], most - bytes);
  }
  return bytes;
}

function bytesOfText(text: string, most: number): number {
  return text.length > most ? text.length : Buffer.byteLength(JSON.stringify(text));
}
