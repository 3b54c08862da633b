import { ErrorCode, McpError, type RequestId } from '@modelcontextprotocol/sdk/types.js';
import { StopController } from '../../lib/cancellation.ts';
import { getOrCreate } from '../../lib/get-or-create.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { RpcError } from '../../protocol/rpc-error.ts';
import type {
  RequestExtra,
  RpcRequest,
  RpcResponse,
  StatelessServer,
} from '../../protocol/stateless-server.ts';
import { idText, internalErrorMessage, writeMessage } from './messages.ts';

/** Answers the requests of one caller, each independently. */
export interface Endpoint {
  answer(request: RpcRequest, extra: RequestExtra): PendingAnswer;
}

export interface PendingAnswer {
  /** The response; undefined when the request was cancelled. */
  readonly response: Promise<RpcResponse | undefined>;
  /** The client disconnected; no effect once the request is answered. */
  cancel(): void;
  /** The client cancelled; a write that was already sent to Synqly is allowed to finish. */
  withdraw(): void;
}

interface PendingRequest {
  readonly id: RequestId;
  resolve(response: RpcResponse | undefined): void;
}

/**
 * Connects a server to the requests of one caller. The SDK's transports serve one request or one session; this one
 * serves many concurrent requests with one server, so nothing is built per request. Clients that share a token use
 * the same ids, so each request gets a unique id. Calls of tools, nearly all requests, do without the SDK: its
 * dispatch repeats checks that were already made, and took a fifth of a call's time.
 */
export async function connectEndpoint(server: StatelessServer): Promise<Endpoint> {
  const pending = new Map<RequestId, PendingRequest>();
  let last = 0;
  const receive = await server.connect((response) => {
    const one = pending.get(response.id);
    pending.delete(response.id);
    one?.resolve({ ...response, id: one.id });
  });
  return {
    answer: (request, extra) => {
      const { id, method, params } = request;
      if (method === 'tools/call' && isCall(params)) return answerCall(server, id, params, extra);
      const open = server.opening && hasOnlyMeta(params) && Object.hasOwn(server.opening, method);
      const opening = open ? server.opening?.[method] : undefined;
      if (opening) return answerOpening(opening, id);
      last += 1;
      const unique = last;
      const response = new Promise<RpcResponse | undefined>((resolve) => {
        pending.set(unique, { id, resolve });
      });
      receive({ ...request, id: unique }, extra);
      const cancel = () => {
        const one = pending.get(unique);
        if (!one) return;
        pending.delete(unique);
        one.resolve(undefined);
        receive({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: unique } });
      };
      return { response, cancel, withdraw: cancel };
    },
  };
}

/** Whether the params are those of a tool call; task-augmented calls are left to the SDK. */
function isCall(params: JsonObject | undefined): params is JsonObject {
  if (typeof params?.name !== 'string' || 'task' in params) return false;
  return params.arguments === undefined || isJsonObject(params.arguments);
}

/** Whether the params hold nothing beside `_meta`. */
function hasOnlyMeta(params: JsonObject | undefined): boolean {
  return params === undefined || Object.keys(params).every((key) => key === '_meta');
}

function answerOpening(open: () => Promise<object>, id: RequestId): PendingAnswer {
  let isCancelled = false;
  const respond = (response: RpcResponse) => (isCancelled ? undefined : response);
  const cancel = () => {
    isCancelled = true;
  };
  return {
    response: open().then(
      (result) => respond({ jsonrpc: '2.0', id, result }),
      (error: unknown) => respond({ jsonrpc: '2.0', id, error: errorOf(error) }),
    ),
    cancel,
    withdraw: cancel,
  };
}

function answerCall(
  server: StatelessServer,
  id: RequestId,
  params: JsonObject,
  extra: RequestExtra,
): PendingAnswer {
  const cancellation = new CallCancellation();
  let isOver = false;
  const respond = (response: RpcResponse): RpcResponse | undefined => {
    isOver = true;
    return cancellation.aborted ? undefined : response;
  };
  return {
    response: server.callTool(params, extra, cancellation).then(
      (result) => respond({ jsonrpc: '2.0', id, result }),
      (error: unknown) => respond({ jsonrpc: '2.0', id, error: errorOf(error) }),
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

function errorOf(error: unknown): { code: number; message: string; data?: unknown } {
  if (error instanceof McpError) return { code: error.code, message: error.message };
  if (!(error instanceof RpcError)) return { code: ErrorCode.InternalError, message: internalErrorMessage };
  const { code, message, data } = error;
  return data === undefined ? { code, message } : { code, message, data };
}

/** Methods with long, constant lists, whose text is cached; and the key of the list. */
const cachedLists: Readonly<Record<string, string>> = {
  'tools/list': 'tools',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
};

/** Shared by all callers, like the lists themselves. */
const listTexts = new WeakMap<object, string>();

/** The JSON text of the response to a request. */
export function renderResponse(response: RpcResponse, { method }: RpcRequest): string {
  const key = Object.hasOwn(cachedLists, method) ? cachedLists[method] : undefined;
  if (key === undefined || !('result' in response)) return writeMessage(response);
  const { [key]: list, ...rest } = response.result as JsonObject;
  if (!Array.isArray(list)) return writeMessage(response);
  const text = getOrCreate(listTexts, list, () => JSON.stringify(list));
  const result = `${JSON.stringify(rest).slice(0, -1)}${Object.keys(rest).length > 0 ? ',' : ''}"${key}":${text}}`;
  return `{"jsonrpc":"2.0","id":${idText(response.id)},"result":${result}}`;
}
