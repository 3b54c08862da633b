import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  CompleteRequestSchema,
  type ElicitRequest,
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
import { getOrCreate } from '../lib/get-or-create.ts';
import type { McpClient } from '../mcp-client.ts';
import type { RequestContext } from '../request-context.ts';
import { ResourceError } from '../resources/definitions.ts';
import type { ResourceProvider } from '../resources/provider.ts';
import type { Surface } from '../surfaces/surface.ts';
import { version } from '../version.ts';
import { instructionsFor } from './instructions.ts';
import type { FeatureSource } from './server-features.ts';

/** MCP specification 2025-11-25, resources, error handling; the SDK has no name for it. */
const resourceNotFound = -32002;

/** Characters of a client's name in logs, and of an unknown tool's name in errors. */
const maxNameLength = 100;

/**
 * An MCP server for one caller, of the protocol revisions 2025-11-25 and older. The low-level server of the SDK is used
 * because the high-level one converts every schema on every list request.
 */
export function createV1Server(source: FeatureSource, context: RequestContext): Server {
  const { surface, resources } = source.current();
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
  serveTools(server, context, source);
  serveResources(server, context, resources);
  return server;
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
    const caller = { ...withTraceContext(context, extra.requestInfo), client: createClient(server, extra) };
    return callTool(params, caller, source.current().surface, extra.signal);
  });
}

/** A tool and its arguments. */
export interface ToolCall {
  readonly name: string;
  readonly arguments?: unknown;
}

/** Calls a tool without the SDK, for a client that cannot be asked anything. @throws McpError for an unknown tool */
export function callDirectly(
  call: ToolCall,
  context: RequestContext,
  source: FeatureSource,
  { requestInfo, cancelled }: { readonly requestInfo: RequestInfo; readonly cancelled: StopSignal },
): Promise<CallToolResult> {
  return callTool(call, withTraceContext(context, requestInfo), source.current().surface, cancelled);
}

async function callTool(
  { name, arguments: args }: ToolCall,
  context: RequestContext,
  surface: Surface,
  cancelled: StopSignal,
): Promise<CallToolResult> {
  const call = surface.call(name, args, context, cancelled);
  // The specification requires a protocol error here; the SDK's own server returns an isError result.
  if (!call) {
    await surface.recordUnknownTool?.(name, args, context);
    const message = `Unknown tool: ${name.slice(0, maxNameLength)}. ${(await surface.suggestAlternative?.(name)) ?? ''}`;
    throw new McpError(ErrorCode.InvalidParams, message.trim());
  }
  try {
    const { value, error } = await call;
    return { content: [{ type: 'text', text: stringifyJson(value) }], ...(error ? { isError: true } : {}) };
  } catch (error) {
    throw toProtocolError(error, context);
  }
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

function createClient(server: Server, extra: Extra): McpClient {
  const { sessionId, sendRequest, requestInfo } = extra;
  const { elicitation } = server.getClientCapabilities() ?? {};
  // A capability that names no mode means form (MCP specification 2025-11-25, elicitation).
  const hasForms = elicitation && (elicitation.form !== undefined || elicitation.url === undefined);
  // A page on loopback opens only on this machine; a client over HTTP may run on another.
  const hasPages = elicitation?.url !== undefined && requestInfo === undefined;
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
    reportProgress: progressReporter(extra),
    sessionId,
    showForm: hasForms ? (form, limits) => elicit({ mode: 'form', ...form }, limits) : undefined,
    openPage: hasPages ? (page, limits) => elicit({ mode: 'url', ...page }, limits) : undefined,
  };
}

/** Reports progress to a client that sent a progress token (MCP specification 2025-11-25, progress). */
function progressReporter({ _meta, sendNotification }: Extra): McpClient['reportProgress'] {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return undefined;
  return (progress, total) => {
    const params = { progressToken, progress, total };
    // The client may have disconnected.
    sendNotification({ method: 'notifications/progress', params }).catch(() => {});
  };
}

function serveResources(server: Server, context: RequestContext, provider: ResourceProvider): void {
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: [...provider.resources] }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [...provider.resourceTemplates],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, async ({ params }, { signal, requestInfo }) => {
    try {
      return { contents: [await provider.read(params.uri, withTraceContext(context, requestInfo), signal)] };
    } catch (error) {
      if (!(error instanceof ResourceError)) throw toProtocolError(error, context);
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
      return { completion: await provider.complete(request, context, signal) };
    } catch (error) {
      throw toProtocolError(error, context);
    }
  });
}

/** Logs an internal error in full. The client gets a fixed message, since the error's text may hold a secret. */
function toProtocolError(error: unknown, context: RequestContext): McpError {
  if (error instanceof McpError) return error;
  context.log.error({ err: error }, 'a request failed with an internal error');
  return new McpError(ErrorCode.InternalError, 'The request failed with an internal error of this server.');
}

/** Forwards the request's trace to Synqly (W3C Trace Context). */
function withTraceContext(context: RequestContext, request: RequestInfo | undefined): RequestContext {
  const traceparent = request?.headers.traceparent;
  return typeof traceparent === 'string' ? context.withHeaders({ traceparent }) : context;
}
