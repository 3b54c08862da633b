import { describeProxyRefusal, proxyStatusOf } from '../../config/proxy-environment.ts';
import { isJsonObject, parseJson } from '../../lib/json.ts';
import { isUnsent } from '../../synqly/network-error.ts';
import { GatewayFault } from './gateway-session.ts';

/** Of an answer that no client could take for one. */
export const notMcp =
  'The gateway answered with something that is not MCP, or not all of it: what was asked may have been done. Check the URL given to connect, and look before you repeat it.';

/** What a person or a model can do about a request that the gateway did not answer. */
export function describeGatewayFault(error: unknown): string {
  if (error instanceof GatewayFault) return error.message;
  const refusal = proxyStatusOf(error);
  if (refusal !== undefined) return describeProxyRefusal(refusal).message;
  const {
    code: status,
    message = '',
    cause,
  } = error as { code?: unknown; message?: string; cause?: unknown };
  if (typeof status === 'number') return describeStatus(status, message);
  if (error instanceof SyntaxError) return notMcp;
  if (cause instanceof Error && cause.message === 'bad port')
    return 'The port of the URL given to connect is never used for HTTP: the gateway must listen on another one.';
  if (isUnsent(cause))
    return 'The gateway could not be reached: try again, or check the URL given to connect and the network.';
  return 'The connection to the gateway broke before the answer: what was asked may have been done. Look before you repeat it.';
}

function describeStatus(status: number, message: string): string {
  if (status === 401) return 'The gateway did not accept the token: renew SYNQLY_MCP_TOKEN and restart.';
  if (status === 429 || status === 503) return 'The gateway is busy: try again in a moment.';
  if (status >= 500)
    return `The gateway answered HTTP ${status}: what was asked may have been done. Look before you repeat it.`;
  if (status === -1)
    return 'The gateway answered with something that is not MCP: check the URL given to connect.';
  if (status >= 300 && status < 400)
    return `The gateway answered HTTP ${status}: it sends elsewhere, which is not followed. Check the URL given to connect, and whether a login stands before it.`;
  const quoted = ownWords(message);
  if (quoted !== undefined) return `The gateway refused (HTTP ${status}): ${quoted}`;
  if (status === 403)
    return 'The gateway refused: the token does not reach this, or the gateway is asked under a wrong name.';
  if (status === 404)
    return 'There is no gateway at this address (HTTP 404): check the URL given to connect, whose path is /mcp as a rule.';
  return `The gateway answered HTTP ${status}.`;
}

const maxQuoteLength = 500;

/** What the gateway itself says, by a JSON-RPC error. Other words stay out: they may be anyone's page. */
function ownWords(message: string): string | undefined {
  const start = message.indexOf('{');
  const answer = start === -1 ? undefined : parseJson(message.slice(start));
  if (!isJsonObject(answer) || answer.jsonrpc !== '2.0' || !isJsonObject(answer.error)) return undefined;
  const { message: words } = answer.error;
  return typeof words === 'string' ? words.slice(0, maxQuoteLength) : undefined;
}
