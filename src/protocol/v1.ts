import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  CompleteRequestSchema,
  ElicitResultSchema,
  ErrorCode,
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
import type { StopSignal } from '../lib/cancellation.ts';
import { stringifyJson } from '../lib/exact-json.ts';
import type { McpClient } from '../mcp-client.ts';
import type { RequestContext } from '../request-context.ts';
import { ResourceError } from '../resources/definitions.ts';
import type { ResourceProvider } from '../resources/provider.ts';
import type { Surface } from '../surfaces/surface.ts';
import { version } from '../version.ts';
import { instructionsFor } from './instructions.ts';
import type { ServerFeatures } from './server-features.ts';

/** MCP specification 2025-11-25, resources, error handling; the SDK has no name for it. */
const resourceNotFound = -32002;

/** Characters of a client's name that are told on. */
const maxNameLength = 100;

/**
 * An MCP server for one caller, of the protocol revisions 2025-11-25 and older. The low-level server of the SDK is used
 * because the high-level one converts every schema on every list request.
 */
export function createV1Server({ surface, resources }: ServerFeatures, context: RequestContext): Server {
  const info = {
    name: 'synqly-mcp',
    title: context.sandbox ? 'Synqly (sandbox: invented data)' : 'Synqly',
    version,
  };
  const server = new Server(info, {
    capabilities: { tools: {}, resources: {}, completions: {} },
    instructions: [
      instructionsFor(context, surface.operations),
      ...(surface.note ? [surface.note] : []),
    ].join('\n'),
  });
  serveTools(server, context, surface);
  serveResources(server, context, resources);
  return server;
}

const lists = new WeakMap<Surface, { readonly tools: Surface['tools'] }>();

/** One list for all servers of a surface: it is long. */
function listOf(surface: Surface): { readonly tools: Surface['tools'] } {
  const list = lists.get(surface) ?? { tools: surface.tools };
  lists.set(surface, list);
  return list;
}

/** Leaves arguments as they are: the SDK's copy of them lacks a key `__proto__`, which is to be refused and not lost. */
const callToolRequest = CallToolRequestSchema.extend({
  params: CallToolRequestSchema.shape.params.extend({ arguments: z.unknown().optional() }),
});

function serveTools(server: Server, context: RequestContext, surface: Surface): void {
  server.setRequestHandler(ListToolsRequestSchema, () => listOf(surface) as never);
  server.setRequestHandler(callToolRequest, ({ params }, extra) => {
    const caller = { ...withTraceContext(context, extra.requestInfo), client: clientOf(server, extra) };
    return callTool(params, caller, surface, extra.signal);
  });
}

/** Which tool, with what. */
export interface ToolCall {
  readonly name: string;
  readonly arguments?: unknown;
}

/** Calls a tool for a client that can be asked nothing, past the SDK. @throws McpError for a tool that there is not */
export function callDirectly(
  call: ToolCall,
  context: RequestContext,
  { surface }: ServerFeatures,
  { requestInfo, cancelled }: { readonly requestInfo: RequestInfo; readonly cancelled: StopSignal },
): Promise<CallToolResult> {
  return callTool(call, withTraceContext(context, requestInfo), surface, cancelled);
}

async function callTool(
  { name, arguments: args }: ToolCall,
  context: RequestContext,
  surface: Surface,
  cancelled: StopSignal,
): Promise<CallToolResult> {
  const call = surface.call(name, args, context, cancelled);
  // The specification wants a protocol error here; the SDK's own server answers an isError result.
  if (!call) {
    await surface.recordUnknownTool?.(name, args, context);
    const message = `Unknown tool: ${name.slice(0, maxNameLength)}. ${(await surface.suggestAlternative?.(name)) ?? ''}`;
    throw new McpError(ErrorCode.InvalidParams, message.trim());
  }
  try {
    const { value, error } = await call;
    return { content: [{ type: 'text', text: stringifyJson(value) }], ...(error ? { isError: true } : {}) };
  } catch (error) {
    throw faultOf(error, context);
  }
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

function clientOf(server: Server, extra: Extra): McpClient {
  const { sessionId, sendRequest, requestInfo } = extra;
  const { elicitation } = server.getClientCapabilities() ?? {};
  // Naming no mode means form (MCP specification 2025-11-25, elicitation).
  const hasForms = elicitation && (elicitation.form !== undefined || elicitation.url === undefined);
  // A page on loopback is for the person at this machine, which a client over HTTP need not be.
  const hasPages = elicitation?.url !== undefined && requestInfo === undefined;
  const elicit = (params: object, { within, signal }: { within: number; signal: AbortSignal }) =>
    sendRequest({ method: 'elicitation/create', params: params as never }, ElicitResultSchema, {
      timeout: within,
      signal,
    });
  return {
    name: server.getClientVersion()?.name.slice(0, maxNameLength) || undefined,
    reportProgress: progressOf(extra),
    sessionId,
    showForm: hasForms ? (question, limits) => elicit({ mode: 'form', ...question }, limits) : undefined,
    openPage: hasPages ? (visit, limits) => elicit({ mode: 'url', ...visit }, limits) : undefined,
  };
}

/** Progress goes to whoever gave a token for it (MCP specification 2025-11-25, progress). */
function progressOf({ _meta, sendNotification }: Extra): McpClient['reportProgress'] {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return undefined;
  return (progress, total) => {
    const params = { progressToken, progress, total };
    // A client that is gone needs no news.
    sendNotification({ method: 'notifications/progress', params }).catch(() => {});
  };
}

function serveResources(server: Server, context: RequestContext, room: ResourceProvider): void {
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: [...room.resources] }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [...room.resourceTemplates],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, async ({ params }, { signal, requestInfo }) => {
    try {
      return { contents: [await room.read(params.uri, withTraceContext(context, requestInfo), signal)] };
    } catch (error) {
      if (!(error instanceof ResourceError)) throw faultOf(error, context);
      throw new McpError(
        error.missing ? resourceNotFound : ErrorCode.InternalError,
        error.message,
        error.data,
      );
    }
  });
  server.setRequestHandler(CompleteRequestSchema, async ({ params }, { signal }) => {
    const { ref, argument } = params;
    if (ref.type !== 'ref/resource') throw new McpError(ErrorCode.InvalidParams, 'There are no prompts.');
    const request = {
      uriTemplate: ref.uri,
      argument: argument.name,
      value: argument.value,
      chosen: params.context?.arguments ?? {},
    };
    try {
      return { completion: await room.complete(request, context, signal) };
    } catch (error) {
      throw faultOf(error, context);
    }
  });
}

/** What went wrong here is logged whole; the client is told of no text that may hold a secret. */
function faultOf(error: unknown, context: RequestContext): McpError {
  if (error instanceof McpError) return error;
  context.log.error({ err: error }, 'a request failed by a fault of this server');
  return new McpError(ErrorCode.InternalError, 'The request failed by a fault of this server.');
}

/** A request's trace goes on to Synqly (W3C Trace Context). */
function withTraceContext(context: RequestContext, request: RequestInfo | undefined): RequestContext {
  const traceparent = request?.headers.traceparent;
  return typeof traceparent === 'string' ? context.withHeaders({ traceparent }) : context;
}
