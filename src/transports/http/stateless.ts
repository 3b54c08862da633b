import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  type CallToolResult,
  ErrorCode,
  type JSONRPCMessage,
  type JSONRPCRequest,
  McpError,
  type RequestId,
  type RequestInfo,
} from '@modelcontextprotocol/sdk/types.js';
import type { StopSignal } from '../../lib/cancellation.ts';
import { StopController } from '../../lib/cancellation.ts';
import { stringifyJson } from '../../lib/exact-json.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { ToolCall } from '../../server.ts';
import { idText, ownFault, writeMessage } from '../json-rpc/messages.ts';

/** Requests of one caller, each answered on its own: what Streamable HTTP is without sessions. */
export interface StatelessEndpoint {
  answer(request: JSONRPCRequest, extra: { readonly requestInfo: RequestInfo }): Answering;
}

export interface Answering {
  /** Text of a JSON-RPC response; undefined when the request was cancelled before. */
  readonly text: Promise<string | undefined>;
  /** For a client that went away; nothing happens when the request is answered. */
  cancel(): void;
  /** For a client that no longer wants it: what has left for Synqly by then, and is not a read, is let finish. */
  withdraw(): void;
}

/** Requests that are answered the same each time, with results that are long. */
const unchanging = new Set(['tools/list', 'resources/list', 'resources/templates/list']);

/** Calls a tool past the SDK. @throws McpError */
export type DirectCall = (call: ToolCall, extra: DirectExtra) => Promise<CallToolResult>;

export interface DirectExtra {
  readonly requestInfo: RequestInfo;
  readonly cancelled: StopSignal;
}

/** Shared by all callers: so are the lists. */
const texts = new WeakMap<object, string>();

const nobody = { name: '', version: '' };

interface Waiting {
  readonly request: JSONRPCRequest;
  resolve(text: string | undefined): void;
}

/**
 * Connects a server to the requests of one caller. The SDK's own transport serves one request, or one session; this
 * one serves many at a time with one server, so that a request builds nothing. Clients number their requests as they
 * like, several with one token the same way, so each gets a number of its own on the way in.
 *
 * @param callDirectly calls of tools, nearly all that is asked, go here: the SDK's dispatch and its checks of what was
 * checked already cost a call a fifth of its time
 */
export async function connectStateless(server: Server, callDirectly: DirectCall): Promise<StatelessEndpoint> {
  const waiting = new Map<RequestId, Waiting>();
  let last = 0;

  const render = (message: JSONRPCMessage, { id, method }: JSONRPCRequest): string => {
    if (!('result' in message) || !unchanging.has(method))
      return writeMessage({ ...message, id } as JSONRPCMessage);
    const text = texts.get(message.result) ?? JSON.stringify(message.result);
    texts.set(message.result, text);
    return `{"jsonrpc":"2.0","id":${idText(id)},"result":${text}}`;
  };
  const transport: Transport = {
    start: async () => {},
    close: async () => transport.onclose?.(),
    send: async (message) => {
      const id = 'method' in message ? undefined : message.id;
      const one = id === undefined ? undefined : waiting.get(id);
      // Without a session there is nobody to ask or to tell anything.
      if (id === undefined || !one) throw new Error('Only answers can be sent without a session.');
      waiting.delete(id);
      one.resolve(render(message, one.request));
    },
  };
  await server.connect(transport);

  return {
    answer: (request, extra) => {
      const call = readToolCall(request);
      if (call) return answerCall(request.id, (cancelled) => callDirectly(call, { ...extra, cancelled }));
      last += 1;
      const id = last;
      const text = new Promise<string | undefined>((resolve) => {
        waiting.set(id, { request, resolve });
      });
      transport.onmessage?.({ ...withoutClient(request), id }, extra);
      const cancel = () => {
        const one = waiting.get(id);
        if (!one) return;
        waiting.delete(id);
        one.resolve(undefined);
        const params = { requestId: id };
        transport.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
      };
      return { text, cancel, withdraw: cancel };
    },
  };
}

/** What a request calls; undefined where it asks for more than a plain call, or for less. */
function readToolCall({ method, params }: JSONRPCRequest): ToolCall | undefined {
  if (method !== 'tools/call' || typeof params?.name !== 'string' || 'task' in params) return undefined;
  const { name, arguments: given } = params;
  return given === undefined || isJsonObject(given) ? { name, arguments: given } : undefined;
}

function answerCall(id: RequestId, call: (cancelled: StopSignal) => Promise<CallToolResult>): Answering {
  const cancelling = new Cancelling();
  let isOver = false;
  const respond = (outcome: object) => {
    isOver = true;
    if (cancelling.aborted) return undefined;
    return `{"jsonrpc":"2.0","id":${idText(id)},${stringifyJson(outcome).slice(1)}`;
  };
  return {
    text: call(cancelling).then(
      (result) => respond({ result }),
      (error: unknown) => respond({ error: errorOf(error) }),
    ),
    cancel: () => {
      if (!isOver) cancelling.stop('The client went away.');
    },
    withdraw: () => {
      if (!isOver && !cancelling.isSent) cancelling.stop('The client cancelled the request.');
    },
  };
}

class Cancelling extends StopController {
  isSent = false;

  sent(): void {
    this.isSent = true;
  }
}

function errorOf(error: unknown): { code: number; message: string } {
  if (error instanceof McpError) return { code: error.code, message: error.message };
  return { code: ErrorCode.InternalError, message: ownFault };
}

/** The server must not remember which client asked and what it can do: the next request may be another's. */
function withoutClient(request: JSONRPCRequest): JSONRPCRequest {
  if (request.method !== 'initialize') return request;
  return { ...request, params: { ...request.params, capabilities: {}, clientInfo: nobody } };
}
