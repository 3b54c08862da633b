import type { StopSignal } from '../lib/cancellation.ts';
import type { JsonObject } from '../lib/json.ts';

/** A JSON-RPC request. */
export interface RpcRequest {
  readonly jsonrpc: '2.0';
  readonly id: string | number;
  readonly method: string;
  readonly params?: JsonObject | undefined;
}

/** A JSON-RPC notification. */
export interface RpcNotification {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: JsonObject | undefined;
}

/** A JSON-RPC response. */
export type RpcResponse = { readonly jsonrpc: '2.0'; readonly id: string | number } & (
  | { readonly result: object }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } }
);

/** HTTP headers by their names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What a transport knows about a request beside the message. */
export interface RequestExtra {
  /** Headers of the HTTP request; undefined over stdio. */
  readonly headers?: Headers | undefined;
  /** Sends a notification that belongs to the request; undefined if there is no way to. */
  readonly notify?: ((notification: RpcNotification) => void) | undefined;
}

/** A server of one protocol generation that answers the requests of one caller independently of each other. */
export interface StatelessServer {
  /**
   * Connects the server.
   *
   * @param send takes the server's responses
   * @returns the function that takes the client's messages; ids must be unique
   */
  connect(
    send: (response: RpcResponse) => void,
  ): Promise<(message: RpcRequest | RpcNotification, extra?: RequestExtra) => void>;
  /** Answers, by method, to the requests without arguments that need no dispatch of the SDK. */
  readonly opening?: Readonly<Record<string, () => Promise<object>>>;
  /** Answers `tools/call` without the SDK's dispatch. @throws an error with `code` and `message` for the client */
  callTool(params: JsonObject, extra: RequestExtra, cancelled: StopSignal): Promise<object>;
}
