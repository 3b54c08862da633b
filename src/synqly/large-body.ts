import { MembersError, NestingError } from '../lib/exact-json.ts';
import { collectGarbage, collectNewGarbage } from '../lib/garbage-collection.ts';
import { JsonValidator, type MembersLimit } from '../lib/json-validator.ts';

/** Bytes that are gathered before those they came in are let go of. */
const step = 1024 * 1024;

/** Values of an answer that stays bytes, and is read where it is looked at. */
const maxOfBytes: MembersLimit = { all: 1_500_000, inOne: 100_000 };
/** Values of an answer that is parsed whole: each takes room at once, and once more in each copy. */
const maxOfTree: MembersLimit = { all: 100_000, inOne: 100_000 };
/** Bytes in which there cannot be as many: a value has two with its comma. */
const withFewMembers = 2 * maxOfTree.all;

/** Why a body must not be parsed whole, if it must not. */
export function faultOfTree(chunks: readonly Buffer[], bytes: number): Error | undefined {
  if (bytes < withFewMembers) return undefined;
  const validator = new JsonValidator(maxOfTree);
  return faultOf(() => {
    for (const chunk of chunks) validator.push(chunk);
  });
}

/** What is wrong with a text, where a step in reading it tells. */
function faultOf(step: () => void): Error | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof NestingError || error instanceof MembersError)
      return error;
    throw error;
  }
}

/**
 * The bytes of a large body in one piece. They arrive in thousands of buffers, whose memory is none of V8's own, so that
 * it sees no reason to collect them: unless it is told to, as over stdio, it keeps many of them beside the whole.
 */
export class LargeBody {
  #whole: Buffer;
  #length = 0;
  #sinceCollected = 0;
  readonly #validator = new JsonValidator(maxOfBytes);
  #fault: Error | undefined;

  /** @param expected bytes, if that is known */
  constructor(expected: number) {
    // What an earlier large answer has left is in the way. Its buffer is freed beside, which the next collection waits for.
    collectGarbage();
    collectNewGarbage();
    this.#whole = Buffer.allocUnsafeSlow(Math.max(expected, 2 * step));
  }

  /** Takes the buffers over, and leaves none of them. */
  take(chunks: Buffer[]): void {
    for (const chunk of chunks) {
      this.#check(() => this.#validator.push(chunk));
      this.#makeRoom(chunk.length);
      chunk.copy(this.#whole, this.#length);
      this.#length += chunk.length;
      this.#sinceCollected += chunk.length;
    }
    chunks.length = 0;
    if (this.#sinceCollected < step) return;
    this.#sinceCollected = 0;
    collectNewGarbage();
  }

  /** All of it, and why it is not JSON that can be read, if it is not: what is read lazily must not fail later. */
  end(): { readonly bytes: Buffer; readonly fault: Error | undefined } {
    this.#check(() => this.#validator.end());
    collectNewGarbage();
    return { bytes: this.#whole.subarray(0, this.#length), fault: this.#fault };
  }

  #check(step: () => void): void {
    this.#fault ??= faultOf(step);
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#whole.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.ceil(1.5 * (this.#length + bytes)));
    this.#whole.copy(larger, 0, 0, this.#length);
    this.#whole = larger;
    collectGarbage();
  }
}
