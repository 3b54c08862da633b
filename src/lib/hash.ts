import { hash as digest } from 'node:crypto';

/** SHA-256 of a token, hexadecimal: stored, compared and logged in its place. */
export function hashToken(token: string): string {
  return digest('sha256', token, 'hex');
}
