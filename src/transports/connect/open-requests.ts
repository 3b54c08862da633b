import type { JSONRPCRequest, RequestId } from '@modelcontextprotocol/sdk/types.js';

interface OpenRequest {
  /** As the client sent it. */
  readonly id: RequestId;
  readonly controller: AbortController;
}

/**
 * The requests of one client that have no answer yet, each under a number of its own: a client may use an id twice at the
 * same time, and both requests are to be answered.
 */
export class OpenRequests {
  readonly #open = new Map<RequestId, OpenRequest>();
  #last = 0;

  /** The request under its number. */
  add(request: JSONRPCRequest): JSONRPCRequest {
    this.#last += 1;
    this.#open.set(this.#last, { id: request.id, controller: new AbortController() });
    return { ...request, id: this.#last };
  }

  /** Ends a request. Gives the id that the client knows it by; undefined when it has ended before. */
  end(number: RequestId): RequestId | undefined {
    const id = this.#open.get(number)?.id;
    this.#open.delete(number);
    return id;
  }

  /** Cancels the request of an id. Gives its number; undefined when there is none, or it is not certain which is meant. */
  cancel(id: RequestId): RequestId | undefined {
    const request = [...this.#open].filter(([, one]) => one.id === id);
    const [only] = request;
    if (!only || request.length > 1) return undefined;
    const [number, { controller }] = only;
    this.#open.delete(number);
    controller.abort();
    return number;
  }

  /** Aborts when the request of a number is cancelled. */
  signalOf(number: RequestId): AbortSignal | undefined {
    return this.#open.get(number)?.controller.signal;
  }
}
