import { NestingError } from '../exact-json.ts';
import { collectGarbage, collectNewGarbage } from '../garbage.ts';
import { JsonValidator } from '../json-validator.ts';

/** Bytes that are gathered before those they came in are let go of. */
const step = 1024 * 1024;

/**
 * The bytes of a large body in one piece. They arrive in thousands of buffers, whose memory is none of V8's own, so that
 * it sees no reason to collect them: without being told to, it would keep all of them beside the whole.
 */
export class LargeBody {
  #whole: Buffer;
  #length = 0;
  #sinceCollected = 0;
  readonly #validator = new JsonValidator();
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
    if (this.#fault) return;
    try {
      step();
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof NestingError)) throw error;
      this.#fault = error;
    }
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#whole.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.ceil(1.5 * (this.#length + bytes)));
    this.#whole.copy(larger, 0, 0, this.#length);
    this.#whole = larger;
    collectGarbage();
  }
}
