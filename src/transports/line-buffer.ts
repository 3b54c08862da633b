import { ReadBuffer, STDIO_DEFAULT_MAX_BUFFER_SIZE } from '@modelcontextprotocol/sdk/shared/stdio.js';
import { type JSONRPCMessage, JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js';
import { parseExact } from '../exact-json.ts';

/** The SDK's buffer of lines, whose numbers keep their digits. */
export class LineBuffer extends ReadBuffer {
  #rest: Buffer = Buffer.alloc(0);

  override append(chunk: Buffer): void {
    if (this.#rest.length + chunk.length > STDIO_DEFAULT_MAX_BUFFER_SIZE) {
      this.clear();
      throw new Error(`A message is larger than ${STDIO_DEFAULT_MAX_BUFFER_SIZE} bytes.`);
    }
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
  }

  override readMessage(): JSONRPCMessage | null {
    const end = this.#rest.indexOf('\n');
    if (end === -1) return null;
    const line = this.#rest.toString('utf8', 0, end).replace(/\r$/, '');
    this.#rest = this.#rest.subarray(end + 1);
    return JSONRPCMessageSchema.parse(parseExact(line));
  }

  override clear(): void {
    this.#rest = Buffer.alloc(0);
  }
}
