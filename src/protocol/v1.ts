import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  CompleteRequestSchema,
  type ElicitRequest,
  ElicitResultSchema,
  GetPromptRequestSchema,
  type GetPromptResult,
  type JSONRPCMessage,
  ListPromptsRequestSchema,
  type ListPromptsResult,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  type RequestInfo,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import { stringifyJson } from '../lib/exact-json.ts';
import { getOrCreate } from '../lib/get-or-create.ts';
import type { McpClient } from '../mcp-client.ts';
import type { RequestContext } from '../request-context.ts';
import type { Surface } from '../surfaces/surface.ts';
import type { CallResult } from '../tools/define-tool.ts';
import { elicitationModes } from './envelope.ts';
import { instructionsFor } from './instructions.ts';
import {
  callTool,
  completeArgument,
  getPrompt,
  maxNameLength,
  progressReporter,
  readResource,
} from './requests.ts';
import { RpcError } from './rpc-error.ts';
import type { FeatureSource } from './server-features.ts';
import { serverInfo } from './server-info.ts';
import type { RpcNotification, RpcRequest, RpcResponse, StatelessServer } from './stateless-server.ts';
import { withTraceContext } from './trace-context.ts';

/** MCP specification 2025-11-25, resources, error handling; the SDK has no name for it. */
const resourceNotFound = -32002;

export interface V1Options {
  /** Whether the transport can send notifications that belong to no request. */
  readonly sendsNotifications: boolean;
}

/**
 * An MCP server for one caller, of the protocol revisions 2025-11-25 and older. The low-level server of the SDK is used
 * because the high-level one converts every schema on every list request.
 */
export function createV1Server(
  source: FeatureSource,
  context: RequestContext,
  { sendsNotifications }: V1Options = { sendsNotifications: false },
): Server {
  const { surface } = source.current();
  const listChanged = sendsNotifications ? { listChanged: true } : {};
  const server = new Server(serverInfo(context), {
    capabilities: {
      tools: listChanged,
      prompts: listChanged,
      resources: {},
      completions: {},
    },
    instructions: instructionsFor(context, surface),
  });
  serveTools(server, context, source);
  serveResources(server, context, source);
  servePrompts(server, context, source);
  if (sendsNotifications) announceChanges(server, source);
  return server;
}

/** Tells the client when its lists of tools and prompts, which depend on them, have changed (MCP specification 2025-11-25, tools). */
function announceChanges(server: Server, source: FeatureSource): void {
  const stop = source.onChange(() => {
    // Before `initialize`, the client has listed nothing.
    if (!server.getClientVersion()) return;
    // The client may have disconnected.
    server.sendToolListChanged().catch(() => {});
    server.sendPromptListChanged().catch(() => {});
  });
  server.onclose = stop;
}

const lists = new WeakMap<Surface, { readonly tools: Surface['tools'] }>();

/** One list for all servers of a surface: it is long. */
function listOf(surface: Surface): { readonly tools: Surface['tools'] } {
  return getOrCreate(lists, surface, () => ({ tools: surface.tools }));
}

/** Leaves arguments as they are: the SDK's copy drops a key `__proto__`, which must be refused instead. */
const callToolRequest = CallToolRequestSchema.extend({
  params: CallToolRequestSchema.shape.params.extend({ arguments: z.unknown().optional() }),
});

function serveTools(server: Server, context: RequestContext, source: FeatureSource): void {
  server.setRequestHandler(ListToolsRequestSchema, async () => listOf((await source.forList()).surface));
  server.setRequestHandler(callToolRequest, ({ params }, extra) => {
    const caller = {
      ...withTraceContext(context, params._meta, extra.requestInfo?.headers),
      client: createClient(server, extra),
    };
    return asMcpError(async () =>
      toolResult(await callTool(params, caller, source.current().surface, extra.signal)),
    );
  });
}

/** A server of these revisions that keeps nothing between requests, so that its client cannot be asked anything. */
export function createStatelessV1(source: FeatureSource, context: RequestContext): StatelessServer {
  return {
    connect: async (send) => {
      const transport: Transport = {
        start: async () => {},
        close: async () => transport.onclose?.(),
        send: async (message) => {
          if ('method' in message) throw new Error('Without a session, the server can only send responses.');
          send(message as RpcResponse);
        },
      };
      await createV1Server(source, context).connect(transport);
      return (message, { headers = {} } = {}) =>
        transport.onmessage?.(withoutClient(message), { requestInfo: { headers } as RequestInfo });
    },
    callTool: async (params, { headers, notify }, cancelled) => {
      const reportProgress = progressReporter(params._meta, notify);
      const client = reportProgress && { name: undefined, sessionId: undefined, reportProgress };
      const traced = withTraceContext(context, params._meta, headers);
      const caller = client ? { ...traced, client } : traced;
      const { surface } = source.current();
      return asMcpError(async () => toolResult(await callTool(params, caller, surface, cancelled)));
    },
  };
}

const anonymousClient = { name: '', version: '' };

/** Removes the client's name and capabilities from `initialize`: the next request may come from another client. */
function withoutClient(message: RpcRequest | RpcNotification): JSONRPCMessage {
  if (message.method !== 'initialize') return message as JSONRPCMessage;
  const params = { ...message.params, capabilities: {}, clientInfo: anonymousClient };
  return { ...message, params } as JSONRPCMessage;
}

function toolResult({ value, error }: CallResult): CallToolResult {
  return { content: [{ type: 'text', text: stringifyJson(value) }], ...(error ? { isError: true } : {}) };
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

function createClient(server: Server, extra: Extra): McpClient {
  const { sessionId, sendRequest, sendNotification, requestInfo, _meta } = extra;
  const modes = elicitationModes(server.getClientCapabilities()?.elicitation);
  // A page on loopback opens only on this machine; a client over HTTP may run on another.
  const hasPages = modes.url && requestInfo === undefined;
  const elicit = (
    params: ElicitRequest['params'],
    { within, signal }: { within: number; signal: AbortSignal },
  ) =>
    sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema, {
      timeout: within,
      signal,
    });
  return {
    name: server.getClientVersion()?.name.slice(0, maxNameLength) || undefined,
    // The client may have disconnected.
    reportProgress: progressReporter(
      _meta,
      (notification) => void sendNotification(notification as ServerNotification).catch(() => {}),
    ),
    sessionId,
    showForm: modes.form ? (form, limits) => elicit({ mode: 'form', ...form }, limits) : undefined,
    openPage: hasPages ? (page, limits) => elicit({ mode: 'url', ...page }, limits) : undefined,
  };
}

function serveResources(server: Server, context: RequestContext, source: FeatureSource): void {
  const { resources } = source.current();
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: [...resources.resources] }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [...resources.resourceTemplates],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }, { signal, requestInfo }) => {
    const traced = withTraceContext(context, params._meta, requestInfo?.headers);
    return asMcpError(() => readResource(params.uri, traced, source.current(), signal, resourceNotFound));
  });
  server.setRequestHandler(CompleteRequestSchema, ({ params }, { signal, requestInfo }) => {
    const traced = withTraceContext(context, params._meta, requestInfo?.headers);
    return asMcpError(() => completeArgument(params, traced, source.current(), signal));
  });
}

function servePrompts(server: Server, context: RequestContext, source: FeatureSource): void {
  server.setRequestHandler(ListPromptsRequestSchema, async () => {
    const { skills } = await source.forList();
    return { prompts: (await skills.prompts(context)) as ListPromptsResult['prompts'] };
  });
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) =>
    asMcpError(async () => (await getPrompt(params, context, source.current())) as GetPromptResult),
  );
}

/** The SDK sends the code of its own class of errors only. */
async function asMcpError<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RpcError) throw new McpError(error.code, error.message, error.data);
    throw error;
  }
}
