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
import { getOrCreate } from '../../lib/get-or-create.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { ToolCall } from '../../server.ts';
import { idText, internalErrorMessage, writeMessage } from '../json-rpc/messages.ts';

/** Answers the requests of one caller without sessions, each independently. */
export interface StatelessEndpoint {
  answer(request: JSONRPCRequest, extra: { readonly requestInfo: RequestInfo }): PendingAnswer;
}

export interface PendingAnswer {
  /** The text of the JSON-RPC response; undefined when the request was cancelled. */
  readonly text: Promise<string | undefined>;
  /** The client disconnected; no effect once the request is answered. */
  cancel(): void;
  /** The client cancelled; a write that was already sent to Synqly is allowed to finish. */
  withdraw(): void;
}

/** Methods with long, constant results, whose text is cached. */
const cachedMethods = new Set(['tools/list', 'resources/list', 'resources/templates/list']);

/** Calls a tool without the SDK's dispatch. @throws McpError */
export type DirectCall = (call: ToolCall, extra: DirectExtra) => Promise<CallToolResult>;

export interface DirectExtra {
  readonly requestInfo: RequestInfo;
  readonly cancelled: StopSignal;
}

/** Shared by all callers, like the lists themselves. */
const resultTexts = new WeakMap<object, string>();

const anonymousClient = { name: '', version: '' };

interface PendingRequest {
  readonly request: JSONRPCRequest;
  resolve(text: string | undefined): void;
}

/**
 * Connects a server to the requests of one caller. The SDK's transport serves one request or one session; this one
 * serves many concurrent requests with one server, so nothing is built per request. Clients that share a token use
 * the same ids, so each request gets a unique id.
 *
 * @param callDirectly handles tool calls, nearly all requests: the SDK's dispatch repeats checks that were already
 * made, and took a fifth of a call's time
 */
export async function connectStateless(server: Server, callDirectly: DirectCall): Promise<StatelessEndpoint> {
  const pending = new Map<RequestId, PendingRequest>();
  let last = 0;

  const render = (message: JSONRPCMessage, { id, method }: JSONRPCRequest): string => {
    if (!('result' in message) || !cachedMethods.has(method))
      return writeMessage({ ...message, id } as JSONRPCMessage);
    const text = getOrCreate(resultTexts, message.result, () => JSON.stringify(message.result));
    return `{"jsonrpc":"2.0","id":${idText(id)},"result":${text}}`;
  };
  const transport: Transport = {
    start: async () => {},
    close: async () => transport.onclose?.(),
    send: async (message) => {
      const id = 'method' in message ? undefined : message.id;
      const one = id === undefined ? undefined : pending.get(id);
      // Without a session, there is no channel for server messages.
      if (id === undefined || !one) throw new Error('Without a session, the server can only send responses.');
      pending.delete(id);
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
        pending.set(id, { request, resolve });
      });
      transport.onmessage?.({ ...withoutClient(request), id }, extra);
      const cancel = () => {
        const one = pending.get(id);
        if (!one) return;
        pending.delete(id);
        one.resolve(undefined);
        const params = { requestId: id };
        transport.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
      };
      return { text, cancel, withdraw: cancel };
    },
  };
}

/** The tool call in a request; undefined for other requests, and for task-augmented calls, which the SDK handles. */
function readToolCall({ method, params }: JSONRPCRequest): ToolCall | undefined {
  if (method !== 'tools/call' || typeof params?.name !== 'string' || 'task' in params) return undefined;
  const { name, arguments: given } = params;
  return given === undefined || isJsonObject(given) ? { name, arguments: given } : undefined;
}

function answerCall(id: RequestId, call: (cancelled: StopSignal) => Promise<CallToolResult>): PendingAnswer {
  const cancellation = new CallCancellation();
  let isOver = false;
  const respond = (outcome: object) => {
    isOver = true;
    if (cancellation.aborted) return undefined;
    return `{"jsonrpc":"2.0","id":${idText(id)},${stringifyJson(outcome).slice(1)}`;
  };
  return {
    text: call(cancellation).then(
      (result) => respond({ result }),
      (error: unknown) => respond({ error: errorOf(error) }),
    ),
    cancel: () => {
      if (!isOver) cancellation.stop('The client disconnected.');
    },
    withdraw: () => {
      if (!isOver && !cancellation.isSent) cancellation.stop('The client cancelled the request.');
    },
  };
}

class CallCancellation extends StopController {
  isSent = false;

  sent(): void {
    this.isSent = true;
  }
}

function errorOf(error: unknown): { code: number; message: string } {
  if (error instanceof McpError) return { code: error.code, message: error.message };
  return { code: ErrorCode.InternalError, message: internalErrorMessage };
}

/** Removes the client's name and capabilities from `initialize`: the next request may come from another client. */
function withoutClient(request: JSONRPCRequest): JSONRPCRequest {
  if (request.method !== 'initialize') return request;
  return { ...request, params: { ...request.params, capabilities: {}, clientInfo: anonymousClient } };
}
