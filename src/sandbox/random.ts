/*
 * Seeded randomness: the same seed gives the same ids, secrets and choices.
 */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of seeded random values. */
export interface Random {
  /** An integer from `from` to `to`, both included. */
  int(from: number, to: number): number;
  /** Whether an event of this probability (0 to 1) happens. */
  chance(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
  bytes(length: number): Uint8Array;
  /** A UUID-shaped id (version 4). */
  uuid(): string;
}

/** Creates a stream from `seed`; streams with different names are independent. */
export function createRandom(seed: number, stream = ''): Random {
  const generator = xoroshiro128plus([...stream].reduce(hashStep, hashStep(0x9e3779b9, String(seed | 0))));
  const int = (from: number, to: number) => uniformInt(generator, from, to);
  const bytes = (length: number) => Uint8Array.from({ length }, () => int(0, 255));
  return {
    int,
    bytes,
    chance: (probability) => int(0, 0xffff_ffff) < probability * 0x1_0000_0000,
    pick: (choices) => {
      if (choices.length === 0) throw new Error('There is nothing to pick from.');
      return choices[int(0, choices.length - 1)] as (typeof choices)[number];
    },
    uuid: () => {
      const raw = bytes(16);
      raw[6] = ((raw[6] ?? 0) & 0x0f) | 0x40;
      raw[8] = ((raw[8] ?? 0) & 0x3f) | 0x80;
      const hex = Buffer.from(raw).toString('hex');
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    },
  };
}

function hashStep(hash: number, text: string): number {
  let mixed = hash;
  for (let at = 0; at < text.length; at += 1) mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x01000193);
  return mixed;
}
