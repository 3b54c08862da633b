import { describeProxyRefusal, proxyStatusOf } from '../../config/proxy-environment.ts';
import { isJsonObject, parseJson } from '../../lib/json.ts';
import { isUnsent } from '../../synqly/network-error.ts';
import { GatewayFault } from './gateway-session.ts';

/** The gateway's response is not a JSON-RPC message. */
export const notMcpMessage =
  'The gateway returned an incomplete response, or one that is not MCP. The request may have taken effect: check before you repeat it, and check the URL given to connect.';

/** The error message for a request that the gateway did not answer: what happened, and what to do. */
export function describeGatewayFault(error: unknown): string {
  if (error instanceof GatewayFault) return error.message;
  const refusal = proxyStatusOf(error);
  if (refusal !== undefined) return describeProxyRefusal(refusal).message;
  const {
    code: status,
    message = '',
    cause,
  } = error as { code?: unknown; message?: string; cause?: unknown };
  if (typeof status === 'number') return describeGatewayStatus(status, message);
  if (error instanceof SyntaxError) return notMcpMessage;
  if (cause instanceof Error && cause.message === 'bad port')
    return 'Fetch blocks the port of the URL given to connect: let the gateway listen on another port.';
  if (isUnsent(cause))
    return 'Could not reach the gateway: try again, or check the URL given to connect and the network.';
  return 'The connection to the gateway broke before the response. The request may have taken effect: check before you repeat it.';
}

/** The error message for an HTTP status; `message` is the body or holds it. */
export function describeGatewayStatus(status: number, message: string): string {
  if (status === 401) return 'The gateway did not accept the token: renew SYNQLY_MCP_TOKEN and restart.';
  if (status === 429 || status === 503) return 'The gateway is busy: try again in a moment.';
  if (status >= 500)
    return `The gateway answered HTTP ${status}. The request may have taken effect: check before you repeat it.`;
  if (status === -1) return 'The response is not MCP: check the URL given to connect.';
  if (status >= 300 && status < 400)
    return `The gateway answered with a redirect (HTTP ${status}), which is not followed: check the URL given to connect, and whether a login page protects it.`;
  const quoted = gatewayMessage(message);
  if (quoted !== undefined) return `The gateway refused (HTTP ${status}): ${quoted}`;
  if (status === 403)
    return 'The gateway refused the request (HTTP 403): the token does not allow it, or the gateway does not accept this host name.';
  if (status === 404)
    return 'There is no gateway at this URL (HTTP 404): check the URL given to connect; its path is usually /mcp.';
  return `The gateway answered HTTP ${status}.`;
}

const maxQuoteLength = 500;

/** The message of a JSON-RPC error from the gateway. Other text is not shown: it may come from any web page. */
function gatewayMessage(message: string): string | undefined {
  const start = message.indexOf('{');
  const answer = start === -1 ? undefined : parseJson(message.slice(start));
  if (!isJsonObject(answer) || answer.jsonrpc !== '2.0' || !isJsonObject(answer.error)) return undefined;
  const { message: words } = answer.error;
  return typeof words === 'string' ? words.slice(0, maxQuoteLength) : undefined;
}
