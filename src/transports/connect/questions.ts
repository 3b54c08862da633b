import type { JSONRPCMessage, JSONRPCRequest, RequestId } from '@modelcontextprotocol/sdk/types.js';
import type { GatewaySession } from './gateway-session.ts';

interface Question {
  /** As the gateway numbers it. */
  readonly id: RequestId;
  readonly session: GatewaySession;
}

/**
 * What a gateway has asked the client, numbered anew. Each of its sessions begins at the same number, and a person's
 * answer to a question of a lost session must never be taken for one to the question that has its number now.
 */
export class Questions {
  readonly #open = new Map<RequestId, Question>();
  #last = 0;

  /** The request under the number that the client is shown. */
  ask(request: JSONRPCRequest, session: GatewaySession): JSONRPCRequest {
    this.#last += 1;
    this.#open.set(this.#last, { id: request.id, session });
    return { ...request, id: this.#last };
  }

  /** The question that an answer is for, once. */
  take(shown: RequestId): Question | undefined {
    const question = this.#open.get(shown);
    this.#open.delete(shown);
    return question;
  }

  /** The notification by which the gateway takes a question back, as the client must see it; undefined if there is none. */
  takeBack(message: JSONRPCMessage, session: GatewaySession): JSONRPCMessage | undefined {
    const { params } = message as { params?: { requestId?: RequestId } };
    const found = [...this.#open].find(([, one]) => one.id === params?.requestId && one.session === session);
    if (!found) return undefined;
    this.#open.delete(found[0]);
    return { ...message, params: { ...params, requestId: found[0] } } as JSONRPCMessage;
  }

  /** Takes back all that sessions other than this one have asked; gives what the client is told about it. */
  dropOthers(session: GatewaySession): JSONRPCMessage[] {
    const gone = [...this.#open].filter(([, one]) => one.session !== session);
    return gone.map(([shown]) => {
      this.#open.delete(shown);
      const params = { requestId: shown, reason: 'The gateway has started anew.' };
      return { jsonrpc: '2.0', method: 'notifications/cancelled', params };
    });
  }
}
