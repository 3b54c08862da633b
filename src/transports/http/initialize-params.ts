import type { JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';

/** Maximum characters of a client's name and version. */
const maxLength = 100;

/**
 * The part of `initialize` that a session keeps: the client's name and its elicitation capability. Nothing else is
 * used.
 */
export function keepUsedParams(initialize: JSONRPCRequest): JSONRPCRequest {
  const { protocolVersion, capabilities, clientInfo } = initialize.params ?? {};
  const { name, version } = isJsonObject(clientInfo) ? clientInfo : {};
  const { elicitation } = isJsonObject(capabilities) ? capabilities : {};
  return {
    ...initialize,
    params: {
      protocolVersion,
      capabilities: isJsonObject(elicitation) ? { elicitation: modesOf(elicitation) } : {},
      clientInfo: { name: clipped(name), version: clipped(version) },
    },
  };
}

function modesOf({ form, url }: JsonObject): JsonObject {
  return { ...(form !== undefined && { form: {} }), ...(url !== undefined && { url: {} }) };
}

/** Copied through a buffer: a substring would keep the whole string in memory. */
function clipped(text: unknown): string {
  return typeof text === 'string' ? Buffer.from(text.slice(0, maxLength)).toString() : '';
}
