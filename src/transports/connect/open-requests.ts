import type { JSONRPCRequest, RequestId } from '@modelcontextprotocol/sdk/types.js';

interface OpenRequest {
  /** The client's own id. */
  readonly id: RequestId;
  readonly controller: AbortController;
  /** Whether the request belongs to no session. Its HTTP request is all that has to be ended. */
  readonly isStateless: boolean;
}

/** A request that was cancelled. */
export interface CancelledRequest extends Pick<OpenRequest, 'isStateless'> {
  readonly number: RequestId;
}

/**
 * The unanswered requests of one client, each under a new unique id: a client may use one id twice at the same
 * time, and both requests must be answered.
 */
export class OpenRequests {
  readonly #open = new Map<RequestId, OpenRequest>();
  #last = 0;

  /** Adds a request. Returns it with its new id. */
  add(
    request: JSONRPCRequest,
    { isStateless }: Pick<OpenRequest, 'isStateless'> = { isStateless: false },
  ): JSONRPCRequest {
    this.#last += 1;
    this.#open.set(this.#last, { id: request.id, controller: new AbortController(), isStateless });
    return { ...request, id: this.#last };
  }

  /** Removes a request. Returns the client's id; undefined if it was removed before. */
  end(number: RequestId): RequestId | undefined {
    const id = this.#open.get(number)?.id;
    this.#open.delete(number);
    return id;
  }

  /** Cancels the request with a client's id; undefined if there is none or the id is ambiguous. */
  cancel(id: RequestId): CancelledRequest | undefined {
    const request = [...this.#open].filter(([, one]) => one.id === id);
    const [only] = request;
    if (!only || request.length > 1) return undefined;
    const [number, { controller, isStateless }] = only;
    this.#open.delete(number);
    controller.abort();
    return { number, isStateless };
  }

  /** A signal that aborts when the request is cancelled. */
  signalOf(number: RequestId): AbortSignal | undefined {
    return this.#open.get(number)?.controller.signal;
  }
}
