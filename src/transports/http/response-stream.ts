import type { FastifyReply, FastifyRequest } from 'fastify';
import { isJsonObject } from '../../lib/json.ts';
import type { RpcRequest } from '../../protocol/stateless-server.ts';
import { replyHeaders } from './replies.ts';

/** Whether a request may be answered with events: only progress is sent before the response. */
export function asksForProgress({ params }: RpcRequest): boolean {
  return isJsonObject(params?._meta) && params._meta.progressToken !== undefined;
}

/** The response to a POST as server-sent events. Nothing is sent before the first event. */
export class ResponseStream {
  #isOpen = false;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.#request = request;
    this.#reply = reply;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Sends a JSON-RPC message as an event. */
  send(text: string): void {
    this.#write(`event: message\ndata: ${text}\n\n`);
  }

  /** Sends a comment, so that proxies keep an idle stream open. */
  keepAlive(): void {
    this.#write(': keep-alive\n\n');
  }

  /** Sends the last message, and ends the response; a cancelled request has no last message. */
  end(text: string | undefined): FastifyReply {
    if (text !== undefined) this.send(text);
    this.#reply.raw.end();
    return this.#reply;
  }

  #write(text: string): void {
    const { raw } = this.#reply;
    if (raw.closed || raw.writableEnded) return;
    if (!this.#isOpen) this.#open();
    raw.write(text);
  }

  #open(): void {
    this.#isOpen = true;
    this.#reply.hijack();
    const headers = ['content-type', 'text/event-stream', 'cache-control', 'no-cache, no-transform'];
    // Without it, nginx holds back events.
    headers.push('x-accel-buffering', 'no');
    for (const [name, value] of replyHeaders(this.#request, this.#reply)) headers.push(name, value);
    this.#reply.raw.writeHead(200, headers);
  }
}
