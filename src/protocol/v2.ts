import { type JSONRPCMessage, PerRequestHTTPServerTransport, Server } from '@modelcontextprotocol/server';
import { stringifyJson } from '../lib/exact-json.ts';
import { getOrCreate } from '../lib/get-or-create.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import type { McpClient } from '../mcp-client.ts';
import type { RequestContext } from '../request-context.ts';
import type { CallResult } from '../tools/define-tool.ts';
import type { InputRequired } from '../tools/input-required.ts';
import { type Envelope, elicitationModes, metaKeys, readEnvelope, v2Revisions } from './envelope.ts';
import { instructionsFor } from './instructions.ts';
import { callTool, completeArgument, maxNameLength, progressReporter, readResource } from './requests.ts';
import { RpcError, rpcCodes } from './rpc-error.ts';
import type { FeatureSource } from './server-features.ts';
import { resultMeta, serverInfo, shortServerInfo } from './server-info.ts';
import type {
  RequestExtra,
  RpcNotification,
  RpcRequest,
  RpcResponse,
  StatelessServer,
} from './stateless-server.ts';
import { withTraceContext } from './trace-context.ts';

const [revision = ''] = v2Revisions;

/** Milliseconds that a client may reuse a list once the permissions of the token are known. */
const listTtlMs = 60_000;

const capabilities = { tools: { listChanged: true }, resources: {}, completions: {} };

/** A server for one caller, of protocol revision 2026-07-28. Subscriptions belong to the transport. */
export function createStatelessV2(source: FeatureSource, context: RequestContext): StatelessServer {
  return {
    connect: async (send) => {
      const transport = new EndpointTransport(send);
      await createV2Server(source, context).connect(transport);
      return (message, extra) => transport.receive(message, extra);
    },
    callTool: async (params, extra, cancelled) => {
      const client = createClient(params, extra);
      const caller = { ...withTraceContext(context, params._meta, extra.headers), client };
      return toolResult(await callTool(params, caller, source.current().surface, cancelled), client);
    },
  };
}

/**
 * Answers every request but `tools/call`. The low-level server of the SDK is used because the high-level one converts
 * every schema on every list request over HTTP.
 */
function createV2Server(source: FeatureSource, context: RequestContext): Server {
  const server = new Server(shortServerInfo, { supportedProtocolVersions: [...v2Revisions], capabilities });
  const { resources } = source.current();
  // Lists and instructions depend on the caller's token, so no cache may give them to another caller.
  const hints = () => ({ ttlMs: source.isSettled() ? listTtlMs : 0, cacheScope: 'private' as const });
  server.setRequestHandler('server/discover', () => {
    const { surface } = source.current();
    return {
      supportedVersions: [...v2Revisions],
      capabilities,
      instructions: instructionsFor(context, surface),
      ...hints(),
      _meta: { [metaKeys.serverInfo]: serverInfo(context) },
    };
  });
  server.setRequestHandler('tools/list', async () => {
    const { tools } = (await source.forList()).surface;
    return { tools: writable(tools), ...hints() };
  });
  server.setRequestHandler('resources/list', () => ({
    resources: writable(resources.resources),
    ...hints(),
  }));
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: writable(resources.resourceTemplates),
    ...hints(),
  }));
  server.setRequestHandler('resources/read', ({ params }, { mcpReq }) => {
    const traced = withTraceContext(context, mcpReq._meta, undefined);
    return readResource(params.uri, traced, resources, mcpReq.signal, rpcCodes.invalidParams);
  });
  server.setRequestHandler('completion/complete', ({ params }, { mcpReq }) => {
    const traced = withTraceContext(context, mcpReq._meta, undefined);
    return completeArgument(params, traced, resources, mcpReq.signal);
  });
  return server;
}

const lists = new WeakMap<object, object[]>();

/** The SDK's types want arrays that can be changed. One copy for each list: the transport caches its text. */
function writable<Entry extends object>(list: readonly object[]): Entry[] {
  return getOrCreate(lists, list, () => [...list]) as Entry[];
}

/**
 * Delivers the messages of many requests to one server. The SDK's class is extended because a server takes its protocol
 * revision from it; what the class does for its single request is replaced.
 */
class EndpointTransport extends PerRequestHTTPServerTransport {
  readonly #send: (response: RpcResponse) => void;

  constructor(send: (response: RpcResponse) => void) {
    super({ classification });
    this.#send = send;
  }

  override async start(): Promise<void> {}

  override async send(message: JSONRPCMessage): Promise<void> {
    if ('method' in message) throw new Error('Without a connection, the server can only send responses.');
    this.#send(message as RpcResponse);
  }

  override async close(): Promise<void> {
    this.onclose?.();
  }

  receive(message: RpcRequest | RpcNotification, extra: RequestExtra = {}): void {
    const params = 'id' in message ? paramsFor(message.params, extra) : message.params;
    this.onmessage?.({ ...message, params } as JSONRPCMessage, { classification });
  }
}

const classification = { era: 'modern', revision } as const;

/** Checked by `readEnvelope`; the SDK need not look at what the client sent. */
const checkedMeta = { [metaKeys.version]: revision, [metaKeys.capabilities]: {} };

/** Keys of W3C Trace Context and Baggage, in headers and in `_meta`. */
const traceKeys = ['traceparent', 'tracestate', 'baggage'];

/** Params with the envelope that the SDK needs, and the trace of `_meta` or, without one, of the HTTP request. */
function paramsFor(params: JsonObject | undefined, { headers = {} }: RequestExtra): JsonObject {
  const given = isJsonObject(params?._meta) ? params._meta : {};
  const source = traceKeys.some((key) => key in given) ? given : headers;
  const trace = Object.fromEntries(traceKeys.map((key) => [key, source[key]]));
  return { ...params, _meta: { ...checkedMeta, ...trace } };
}

function createClient(params: JsonObject, { headers, notify }: RequestExtra): McpClient {
  const { capabilities: offered, clientName } = readEnvelope(params) as Envelope;
  const { form, url } = elicitationModes(offered.elicitation);
  // A page on loopback opens only on this machine; a client over HTTP may run on another.
  const hasPages = url && headers === undefined;
  return {
    name: clientName?.slice(0, maxNameLength) || undefined,
    reportProgress: progressReporter(params._meta, notify),
    sessionId: undefined,
    input: {
      hasForms: form,
      hasPages,
      state: params.requestState,
      responses: params.inputResponses,
    },
  };
}

/** MCP specification 2026-07-28, missing client capability. */
const missingCapability = -32_021;

function toolResult({ value, error, inputRequired }: CallResult, { input }: McpClient): object {
  if (error?.code === 'invalid_request_state') throw new RpcError(rpcCodes.invalidParams, error.message);
  if (inputRequired) {
    assertCanAnswer(inputRequired, input);
    const { requests: inputRequests, state: requestState } = inputRequired;
    return { resultType: 'input_required', inputRequests, requestState, _meta: resultMeta };
  }
  const content = [{ type: 'text', text: stringifyJson(value) }];
  return { resultType: 'complete', content, ...(error ? { isError: true } : {}), _meta: resultMeta };
}

/** The specification forbids questions that the client has not declared. @throws RpcError */
function assertCanAnswer({ requests }: InputRequired, input: McpClient['input']): void {
  for (const { params } of Object.values(requests)) {
    if (params.mode === 'form' ? input?.hasForms : input?.hasPages) continue;
    throw new RpcError(
      missingCapability,
      `This call needs the client capability elicitation.${params.mode}.`,
      {
        requiredCapabilities: { elicitation: { [params.mode]: {} } },
      },
    );
  }
}
