import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ErrorCode, type JSONRPCMessage, type RequestId } from '@modelcontextprotocol/sdk/types.js';
import { isUtf8 } from '../../lib/node-builtins.ts';
import { createBatches } from '../json-rpc/batches.ts';
import { findId, findIdAround } from '../json-rpc/find-id.ts';
import {
  errorAnswer,
  type Incoming,
  internalErrorMessage,
  type Parse,
  type ParsedMessages,
  readText,
  unreadable,
  writeMessage,
} from '../json-rpc/messages.ts';
import { batchHoldsV2, isV2 } from '../json-rpc/revisions.ts';
import { splitLines } from './lines.ts';

/** Maximum bytes of a line; the longest arguments, patches and mappings, are far shorter. */
const maxLineBytes = 10 * 1024 * 1024;

export interface StdioOptions {
  readonly stdin?: NodeJS.ReadableStream;
  readonly stdout?: NodeJS.WritableStream;
  readonly parse?: Parse;
}

/**
 * One client over stdin and stdout, one message per line. Every message with an id gets a response: input that the
 * SDK would drop is normalized, or rejected with an error. An overlong line loses only its own message.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];

  readonly #stdin: NodeJS.ReadableStream;
  readonly #stdout: NodeJS.WritableStream;
  readonly #parse: Parse;
  readonly #batches = createBatches((text) => void this.#write(text));
  readonly #lines = splitLines(maxLineBytes, {
    onLine: (line) => this.#read(line),
    onSkipped: (beginning, end) => {
      const found = findIdAround(beginning.toString('utf8'), end.toString('utf8'));
      const message = 'The message is larger than 10 MB and was skipped: send less in one message.';
      this.#handle({ messages: [unreadable(found, message, ErrorCode.InvalidRequest)], isBatch: false });
    },
  });
  readonly #onData = (chunk: Buffer) => this.#lines.add(chunk);
  readonly #onEnd = () => this.#lines.end();
  readonly #onError = (error: Error) => this.onerror?.(error);

  constructor({ stdin = process.stdin, stdout = process.stdout, parse = JSON.parse }: StdioOptions = {}) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#parse = parse;
  }

  async start(): Promise<void> {
    this.#stdin.on('data', this.#onData);
    this.#stdin.on('end', this.#onEnd);
    this.#stdin.on('error', this.#onError);
  }

  async close(): Promise<void> {
    this.#stdin.off('data', this.#onData);
    this.#stdin.off('end', this.#onEnd);
    this.#stdin.off('error', this.#onError);
    if (this.#stdin.listenerCount('data') === 0) this.#stdin.pause();
    this.#batches.flush();
    this.onclose?.();
  }

  /** Resolves when the message is written or queued in the stream's buffer. */
  async send(message: JSONRPCMessage): Promise<void> {
    const text = writeMessage(message);
    if (!('method' in message) && message.id !== undefined && this.#batches.take(message.id, text)) return;
    await this.#write(text);
  }

  #write(text: string): Promise<void> {
    return new Promise((resolve) => {
      // The callback runs on errors too, after which `drain` never comes.
      if (this.#stdout.write(`${text}\n`, () => resolve())) resolve();
    });
  }

  #read(line: Buffer): void {
    const text = line.toString('utf8');
    if (/^[\s\ufeff]*$/.test(text)) return;
    if (isUtf8(line)) this.#handle(readText(text, this.#parse));
    else {
      const refused = unreadable(findId(text), 'The message is not valid UTF-8.');
      this.#handle({ messages: [refused], isBatch: false });
    }
  }

  #handle({ messages, isBatch }: ParsedMessages): void {
    if (isBatch && messages.some(isV2)) {
      this.onerror?.(new Error(batchHoldsV2));
      void this.#write(writeMessage(errorAnswer(undefined, ErrorCode.InvalidRequest, batchHoldsV2)));
      return;
    }
    const refused = messages.flatMap((one) => (one.kind === 'refused' ? [one.answer] : []));
    for (const { error } of refused) this.onerror?.(new Error(error.message));
    if (isBatch) {
      const ids = messages.flatMap((one) => (one.kind === 'request' ? [one.message.id] : []));
      this.#batches.open(ids, refused.map(writeMessage));
    } else for (const answer of refused) void this.#write(writeMessage(answer));
    for (const message of messages) this.#dispatch(message);
  }

  #dispatch(incoming: Incoming): void {
    if (incoming.kind === 'refused' || incoming.kind === 'ignored') return;
    const { kind, message } = incoming;
    if (kind === 'notification' && message.method === 'notifications/cancelled')
      this.#batches.drop(message.params?.requestId as RequestId);
    try {
      this.onmessage?.(message);
    } catch (error) {
      this.onerror?.(error as Error);
      if (kind === 'request')
        void this.send(
          errorAnswer(message.id, ErrorCode.InternalError, internalErrorMessage) as JSONRPCMessage,
        );
    }
  }
}
