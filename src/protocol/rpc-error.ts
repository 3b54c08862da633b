import type { RequestContext } from '../request-context.ts';

/** JSON-RPC error codes (JSON-RPC 2.0, section 5.1). */
export const rpcCodes = { invalidParams: -32_602, internalError: -32_603 } as const;

/** An error that is sent to the client as a JSON-RPC error. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
    if (typeof data === 'object' && data !== null) dataOfErrors.add(data);
  }
}

const dataOfErrors = new WeakSet<object>();

/** Whether this is the data of an `RpcError`. The SDKs send it as it is, without the error itself. */
export function isDataOfRpcError(data: unknown): boolean {
  return typeof data === 'object' && data !== null && dataOfErrors.has(data);
}

/** Logs an internal error in full. The client gets a fixed message, since the error's text may hold a secret. */
export function toRpcError(error: unknown, context: RequestContext): RpcError {
  if (error instanceof RpcError) return error;
  context.log.error({ err: error }, 'a request failed with an internal error');
  return new RpcError(rpcCodes.internalError, 'The request failed with an internal error of this server.');
}
