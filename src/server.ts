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
import { stringifyJson } from './lib/exact-json.ts';
import type { ClientPort } from './mcp-client.ts';
import { instructionsFor } from './protocol/instructions.ts';
import type { Session } from './request-context.ts';
import { ResourceError } from './resources/definitions.ts';
import type { ResourceRoom } from './resources/provider.ts';
import type { Surface } from './surfaces/surface.ts';
import type { StopSignal } from './synqly/exchange.ts';
import { version } from './version.ts';

/** MCP specification 2025-11-25, resources, error handling; the SDK has no name for it. */
const resourceNotFound = -32002;

/** Characters of a client's name that are told on. */
const longestName = 100;

/** What a server offers to its client. */
export interface Offering {
  readonly surface: Surface;
  readonly resources: ResourceRoom;
}

/**
 * An MCP server for one session: hands its surface and resources to the SDK. The low-level server is used because
 * the high-level one converts every schema on every list request.
 */
export function createServer(session: Session, { surface, resources }: Offering): Server {
  const info = {
    name: 'synqly-mcp',
    title: session.sandbox ? 'Synqly (sandbox: invented data)' : 'Synqly',
    version,
  };
  const server = new Server(info, {
    capabilities: { tools: {}, resources: {}, completions: {} },
    instructions: [
      instructionsFor(session, surface.operations),
      ...(surface.note ? [surface.note] : []),
    ].join('\n'),
  });
  serveTools(server, session, surface);
  serveResources(server, session, resources);
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

function serveTools(server: Server, session: Session, surface: Surface): void {
  server.setRequestHandler(ListToolsRequestSchema, () => listOf(surface) as never);
  server.setRequestHandler(callToolRequest, ({ params }, extra) => {
    const caller = { ...withTrace(session, extra.requestInfo), client: clientOf(server, extra) };
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
  session: Session,
  { surface }: Offering,
  { requestInfo, cancelled }: { readonly requestInfo: RequestInfo; readonly cancelled: StopSignal },
): Promise<CallToolResult> {
  // Only what asks the client takes a whole AbortSignal, and this one has nobody to ask.
  return callTool(call, withTrace(session, requestInfo), surface, cancelled as AbortSignal);
}

async function callTool(
  { name, arguments: args }: ToolCall,
  session: Session,
  surface: Surface,
  cancelled: AbortSignal,
): Promise<CallToolResult> {
  const call = surface.call(name, args, session, cancelled);
  // The specification wants a protocol error here; the SDK's own server answers an isError result.
  if (!call) {
    await surface.recordUnknown?.(name, args, session);
    const message = `Unknown tool: ${name.slice(0, longestName)}. ${(await surface.instead?.(name)) ?? ''}`;
    throw new McpError(ErrorCode.InvalidParams, message.trim());
  }
  try {
    const { value, error } = await call;
    return { content: [{ type: 'text', text: stringifyJson(value) }], ...(error ? { isError: true } : {}) };
  } catch (error) {
    throw faultOf(error, session);
  }
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

function clientOf(server: Server, extra: Extra): ClientPort {
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
    name: server.getClientVersion()?.name.slice(0, longestName) || undefined,
    report: progressOf(extra),
    sessionId,
    askForm: hasForms ? (question, limits) => elicit({ mode: 'form', ...question }, limits) : undefined,
    askToVisit: hasPages ? (visit, limits) => elicit({ mode: 'url', ...visit }, limits) : undefined,
  };
}

/** Progress goes to whoever gave a token for it (MCP specification 2025-11-25, progress). */
function progressOf({ _meta, sendNotification }: Extra): ClientPort['report'] {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return undefined;
  return (progress, total) => {
    const params = { progressToken, progress, total };
    // A client that is gone needs no news.
    sendNotification({ method: 'notifications/progress', params }).catch(() => {});
  };
}

function serveResources(server: Server, session: Session, room: ResourceRoom): void {
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: [...room.resources] }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [...room.resourceTemplates],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, async ({ params }, { signal, requestInfo }) => {
    try {
      return { contents: [await room.read(params.uri, withTrace(session, requestInfo), signal)] };
    } catch (error) {
      if (!(error instanceof ResourceError)) throw faultOf(error, session);
      throw new McpError(
        error.missing ? resourceNotFound : ErrorCode.InternalError,
        error.message,
        error.data,
      );
    }
  });
  server.setRequestHandler(CompleteRequestSchema, async ({ params }, { signal }) => {
    const { ref, argument, context } = params;
    if (ref.type !== 'ref/resource') throw new McpError(ErrorCode.InvalidParams, 'There are no prompts.');
    const request = {
      uriTemplate: ref.uri,
      argument: argument.name,
      value: argument.value,
      chosen: context?.arguments ?? {},
    };
    try {
      return { completion: await room.complete(request, session, signal) };
    } catch (error) {
      throw faultOf(error, session);
    }
  });
}

/** What went wrong here is logged whole; the client is told of no text that may hold a secret. */
function faultOf(error: unknown, session: Session): McpError {
  if (error instanceof McpError) return error;
  session.log.error({ err: error }, 'a request failed by a fault of this server');
  return new McpError(ErrorCode.InternalError, 'The request failed by a fault of this server.');
}

/** A request's trace goes on to Synqly (W3C Trace Context). */
function withTrace(session: Session, request: RequestInfo | undefined): Session {
  const traceparent = request?.headers.traceparent;
  return typeof traceparent === 'string' ? session.withHeaders({ traceparent }) : session;
}
