import { type JSONRPCMessage, PerRequestHTTPServerTransport, Server } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { getOrCreate } from '../lib/get-or-create.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import type { RequestContext } from '../request-context.ts';
import type { Tool } from '../tools/tool.ts';
import { metaKeys, v2Revisions } from './envelope.ts';
import { completeArgument, getPrompt, readResource } from './requests.ts';
import { RpcError, rpcCodes } from './rpc-error.ts';
import type { FeatureSource } from './server-features.ts';
import { shortServerInfo } from './server-info.ts';
import type { RequestExtra, RpcNotification, RpcRequest, RpcResponse } from './stateless-server.ts';
import { withTraceContext } from './trace-context.ts';
import { capabilities } from './v2-capabilities.ts';

const [revision = ''] = v2Revisions;

/** Takes a message of the client. */
export type Receive = (message: RpcRequest | RpcNotification, extra?: RequestExtra) => void;

interface Hints {
  readonly ttlMs: number;
  readonly cacheScope: 'private';
}

/** Answers that are made without the SDK. */
export interface Opening {
  hints(): Hints;
  discover(): Promise<Hints & DiscoverResult>;
  listTools(): Promise<Hints & { readonly tools: readonly Tool[] }>;
}

interface DiscoverResult {
  readonly supportedVersions: string[];
  readonly capabilities: typeof capabilities;
  readonly instructions: string;
}

/** Connects a server of the SDK. */
export async function connectSdk(
  source: FeatureSource,
  context: RequestContext,
  opening: Opening,
  send: (response: RpcResponse) => void,
): Promise<Receive> {
  const transport = new EndpointTransport(send);
  await createV2Server(source, context, opening).connect(transport);
  return (message, extra) => transport.receive(message, extra);
}

/**
 * Answers the requests that are not answered without the SDK. The low-level server of the SDK is used because the high-level one converts
 * every schema on every list request over HTTP.
 */
function createV2Server(source: FeatureSource, context: RequestContext, opening: Opening): Server {
  const server = new Server(shortServerInfo, { supportedProtocolVersions: [...v2Revisions], capabilities });
  server.setRequestHandler('server/discover', async () => ({ ...(await opening.discover()) }));
  server.setRequestHandler('tools/list', async () => {
    const { tools, ...rest } = await opening.listTools();
    return { ...rest, tools: writable(tools) };
  });
  server.setRequestHandler('resources/list', async () => {
    const { resources, skills } = await source.forList();
    return { resources: [...resources.resources, ...(await skills.resources(context))], ...opening.hints() };
  });
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: writable(source.current().resources.resourceTemplates),
    ...opening.hints(),
  }));
  server.setRequestHandler('resources/read', ({ params }, { mcpReq }) => {
    const traced = withTraceContext(context, mcpReq._meta, undefined);
    return readResource(params.uri, traced, source.current(), mcpReq.signal, rpcCodes.invalidParams);
  });
  server.setRequestHandler('completion/complete', ({ params }, { mcpReq }) => {
    const traced = withTraceContext(context, mcpReq._meta, undefined);
    return completeArgument(params, traced, source.current(), mcpReq.signal);
  });
  servePrompts(server, source, context, opening);
  serveSkills(server, source, context, opening);
  return server;
}

function servePrompts(
  server: Server,
  source: FeatureSource,
  context: RequestContext,
  opening: Opening,
): void {
  server.setRequestHandler('prompts/list', async () => {
    const { skills } = await source.forList();
    return { prompts: writable(await skills.prompts(context)), ...opening.hints() };
  });
  server.setRequestHandler('prompts/get', async ({ params }) => {
    const { description, messages } = await getPrompt(params, context, source.current());
    return { description, messages: writable(messages) };
  });
}

/** Skills over MCP (SEP-2640). The files of a skill are resources. */
function serveSkills(server: Server, source: FeatureSource, context: RequestContext, opening: Opening): void {
  server.setRequestHandler('skills/list', { params: z.looseObject({}) }, async () => {
    const { skills } = await source.forList();
    return { skills: [...(await skills.skills(context))], ...opening.hints() };
  });
  server.setRequestHandler('skills/get', { params: z.looseObject({ uri: z.string() }) }, async ({ uri }) => {
    const entries = await source.current().skills.skills(context);
    const skill = entries.find((entry) => entry.uri === uri);
    if (!skill) throw new RpcError(rpcCodes.invalidParams, 'No skill has this URI. skills/list names all.');
    return { skill, ...opening.hints() };
  });
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
  const traceMeta = Object.fromEntries(traceKeys.map((key) => [key, source[key]]));
  return { ...params, _meta: { ...checkedMeta, ...traceMeta } };
}
