import { isJsonObject, type JsonObject } from '../lib/json.ts';
import { metaKeys } from './envelope.ts';
import { RpcError, rpcCodes } from './rpc-error.ts';
import type { FeatureSource } from './server-features.ts';
import { resultMeta } from './server-info.ts';
import type { RpcNotification, RpcRequest, RpcResponse } from './stateless-server.ts';

/** An open `subscriptions/listen` request (MCP specification 2026-07-28, subscriptions). */
export interface Subscription {
  /** Sends no more notifications, and gives the response that ends the request. */
  end(): RpcResponse;
}

/**
 * Opens a subscription: sends its acknowledgement, then a notification for each change that the client asked for. The
 * list of tools changes here, and with it that of prompts.
 *
 * @param subscriptionId the id of the request, as a value inside a message
 * @returns the subscription, or the response that ends it at once when nothing is left to notify of
 * @throws RpcError for invalid params
 */
export function subscribe(
  { id, params }: RpcRequest,
  subscriptionId: unknown,
  source: FeatureSource,
  send: (notification: RpcNotification) => void,
): Subscription | RpcResponse {
  const wanted = params?.notifications;
  if (!isJsonObject(wanted)) {
    const form = '{"notifications":{"toolsListChanged":true}}';
    throw new RpcError(rpcCodes.invalidParams, `notifications must be an object, such as ${form}.`);
  }
  const lists = (['tools', 'prompts'] as const).filter((list) => wanted[`${list}ListChanged`] === true);
  const _meta = { [metaKeys.subscription]: subscriptionId };
  const notify = (method: string, rest: JsonObject = {}) =>
    send({ jsonrpc: '2.0', method, params: { ...rest, _meta } });
  const ended: RpcResponse = {
    jsonrpc: '2.0',
    id,
    result: { resultType: 'complete', _meta: { ...resultMeta, ..._meta } },
  };
  notify('notifications/subscriptions/acknowledged', {
    notifications: Object.fromEntries(lists.map((list) => [`${list}ListChanged`, true])),
  });
  if (lists.length === 0) return ended;
  const stop = source.onChange(() => {
    for (const list of lists) notify(`notifications/${list}/list_changed`);
  });
  return {
    end: () => {
      stop();
      return ended;
    },
  };
}
