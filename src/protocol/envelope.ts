import { isJsonObject, type JsonObject } from '../lib/json.ts';

/** The protocol revisions of the second generation, which have no `initialize`: each request carries an envelope. */
export const v2Revisions: readonly string[] = ['2026-07-28'];

/** Keys of `params._meta` (MCP specification 2026-07-28, base protocol, `_meta`). */
export const metaKeys = {
  version: 'io.modelcontextprotocol/protocolVersion',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscription: 'io.modelcontextprotocol/subscriptionId',
} as const;

/** Error codes of the second generation (MCP specification 2026-07-28, errors). */
export const v2ErrorCodes = { headerMismatch: -32_020, unsupportedVersion: -32_022 } as const;

const invalidParams = -32_602;

/** What a request of the second generation says about its client. */
export interface Envelope {
  readonly revision: string;
  readonly capabilities: JsonObject;
  readonly clientName: string | undefined;
}

/** Why an envelope is refused, as a JSON-RPC error. */
export interface EnvelopeError {
  readonly code: number;
  readonly message: string;
  readonly data?: JsonObject;
  /** The header that is missing or wrong, if that is the reason. */
  readonly header?: string;
}

/** Whether the `params` of a message name a protocol version, as every request of the second generation does. */
export function hasEnvelope(params: unknown): boolean {
  return isJsonObject(params) && isJsonObject(params._meta) && metaKeys.version in params._meta;
}

/**
 * Reads the envelope of a request. Malformed capabilities and client names count as missing.
 *
 * @returns the envelope; an error if it is malformed or names an unknown version
 */
export function readEnvelope(params: unknown): Envelope | EnvelopeError {
  const meta = isJsonObject(params) && isJsonObject(params._meta) ? params._meta : {};
  const { [metaKeys.version]: revision, [metaKeys.capabilities]: capabilities } = meta;
  if (revision === undefined) return missingKeys(meta);
  if (typeof revision !== 'string') return invalid(metaKeys.version, 'must be a string');
  if (!v2Revisions.includes(revision)) return unsupportedVersion(revision);
  if (capabilities === undefined) return missingKeys(meta);
  if (!isJsonObject(capabilities)) return invalid(metaKeys.capabilities, 'must be an object');
  const { [metaKeys.clientInfo]: client } = meta;
  const clientName = isJsonObject(client) && typeof client.name === 'string' ? client.name : undefined;
  return { revision, capabilities, clientName };
}

/** The error for a request that lacks required keys in `_meta`. */
export function missingKeys(meta: JsonObject = {}): EnvelopeError {
  const missing = [metaKeys.version, metaKeys.capabilities].filter((key) => meta[key] === undefined);
  return {
    code: invalidParams,
    message: `params._meta must hold ${missing.join(' and ')} (protocol revision ${v2Revisions.join(', ')}).`,
    data: { envelope: { missing } },
  };
}

/** The error for a protocol version that this server does not speak. */
export function unsupportedVersion(requested: string): EnvelopeError {
  const shown = requested.slice(0, 100);
  return {
    code: v2ErrorCodes.unsupportedVersion,
    message: `Unsupported protocol version: ${shown}. Supported are ${v2Revisions.join(', ')}, and older versions with initialize.`,
    data: { supported: [...v2Revisions], requested: shown },
  };
}

function invalid(key: string, problem: string): EnvelopeError {
  return {
    code: invalidParams,
    message: `params._meta["${key}"] ${problem}.`,
    data: { envelope: { key, problem } },
  };
}

/** What a client's elicitation capability offers. One that names no mode means forms (MCP specification 2025-11-25). */
export function elicitationModes(elicitation: unknown): { readonly form: boolean; readonly url: boolean } {
  if (!isJsonObject(elicitation)) return { form: false, url: false };
  const { form, url } = elicitation;
  return { form: form !== undefined || url === undefined, url: url !== undefined };
}
