import type { JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';

/** Characters of a client's name and version that are kept. */
const maxLength = 100;

/**
 * What a session keeps of `initialize`, for as long as it lasts: who the client says it is, and whether it can ask a
 * person something. Nothing else of it is ever used.
 */
export function keepUsed(initialize: JSONRPCRequest): JSONRPCRequest {
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

/** Through bytes, since a part of a string keeps the whole of it in memory. */
function clipped(text: unknown): string {
  return typeof text === 'string' ? Buffer.from(text.slice(0, maxLength)).toString() : '';
}
