import type { JSONRPCMessage, JSONRPCRequest, RequestId } from '@modelcontextprotocol/sdk/types.js';
import type { GatewaySession } from './gateway-session.ts';

interface ServerRequest {
  /** The gateway's own id. */
  readonly id: RequestId;
  readonly session: GatewaySession;
}

/**
 * Requests of the gateway to the client, such as elicitations, each under a new id. Every session of the gateway
 * starts at the same id, and a person's answer from a lost session must never reach the request that has the same
 * id now.
 */
export class ServerRequests {
  readonly #open = new Map<RequestId, ServerRequest>();
  #last = 0;

  /** Adds a request. Returns it with the id that the client sees. */
  add(request: JSONRPCRequest, session: GatewaySession): JSONRPCRequest {
    this.#last += 1;
    this.#open.set(this.#last, { id: request.id, session });
    return { ...request, id: this.#last };
  }

  /** Removes and returns the request that a response is for. */
  take(clientId: RequestId): ServerRequest | undefined {
    const request = this.#open.get(clientId);
    this.#open.delete(clientId);
    return request;
  }

  /**
   * Cancels a request. Returns the cancel notification with the id that the client knows; undefined if there is
   * none.
   */
  cancel(message: JSONRPCMessage, session: GatewaySession): JSONRPCMessage | undefined {
    const { params } = message as { params?: { requestId?: RequestId } };
    const found = [...this.#open].find(([, one]) => one.id === params?.requestId && one.session === session);
    if (!found) return undefined;
    this.#open.delete(found[0]);
    return { ...message, params: { ...params, requestId: found[0] } } as JSONRPCMessage;
  }

  /** Cancels the requests of all other sessions. Returns the cancel notifications for the client. */
  dropOthers(session: GatewaySession): JSONRPCMessage[] {
    const gone = [...this.#open].filter(([, one]) => one.session !== session);
    return gone.map(([clientId]) => {
      this.#open.delete(clientId);
      const params = { requestId: clientId, reason: 'The gateway has restarted.' };
      return { jsonrpc: '2.0', method: 'notifications/cancelled', params };
    });
  }
}
