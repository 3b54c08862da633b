import type { StopSignal } from '../lib/cancellation.ts';
import { isJsonObject } from '../lib/json.ts';
import type { McpClient } from '../mcp-client.ts';
import type { RequestContext } from '../request-context.ts';
import { type Completion, type ResourceContents, ResourceError } from '../resources/definitions.ts';
import { isSkillUri, PromptError, type PromptMessages, skillMimeType } from '../skills/definitions.ts';
import type { Surface } from '../surfaces/surface.ts';
import type { CallResult } from '../tools/define-tool.ts';
import { RpcError, rpcCodes, toRpcError } from './rpc-error.ts';
import type { ServerFeatures } from './server-features.ts';
import type { RequestExtra } from './stateless-server.ts';

/** Characters of a client's name in logs, and of an unknown tool's name in errors. */
export const maxNameLength = 100;

/** A tool and its arguments: the params of `tools/call`. */
export interface ToolCall {
  readonly name?: unknown;
  readonly arguments?: unknown;
}

/** Calls a tool. @throws RpcError for an unknown tool */
export async function callTool(
  { name: given, arguments: args }: ToolCall,
  context: RequestContext,
  surface: Surface,
  cancelled: StopSignal,
): Promise<CallResult> {
  const name = String(given);
  const call = surface.call(name, args, context, cancelled);
  // The specification requires a protocol error here; the SDK's own server returns an isError result.
  if (!call) {
    await surface.recordUnknownTool?.(name, args, context);
    const message = `Unknown tool: ${name.slice(0, maxNameLength)}. ${(await surface.suggestAlternative?.(name)) ?? ''}`;
    throw new RpcError(rpcCodes.invalidParams, message.trim());
  }
  try {
    return await call;
  } catch (error) {
    throw toRpcError(error, context);
  }
}

/** Reports progress to a client that sent a progress token in `_meta`; undefined for other clients. */
export function progressReporter(
  _meta: unknown,
  notify: RequestExtra['notify'],
): McpClient['reportProgress'] {
  const progressToken = isJsonObject(_meta) ? _meta.progressToken : undefined;
  if (progressToken === undefined || !notify) return undefined;
  return (progress, total) =>
    notify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress, total } });
}

/** Reads a resource. @param notFound code of the error for an unknown resource @throws RpcError */
export async function readResource(
  uri: string,
  context: RequestContext,
  { resources, skills }: Pick<ServerFeatures, 'resources' | 'skills'>,
  cancelled: StopSignal,
  notFound: number,
): Promise<{ contents: ResourceContents[] }> {
  try {
    const text = isSkillUri(uri) ? await skills.read(uri, context) : undefined;
    if (text !== undefined) return { contents: [{ uri, mimeType: skillMimeType, text }] };
    return { contents: [await resources.read(uri, context, cancelled)] };
  } catch (error) {
    if (!(error instanceof ResourceError)) throw toRpcError(error, context);
    throw new RpcError(error.missing ? notFound : rpcCodes.internalError, error.message, error.data);
  }
}

/** The params of `completion/complete`. */
export interface CompletionParams {
  readonly ref: { readonly type: string; readonly uri?: string; readonly name?: string };
  readonly argument: { readonly name: string; readonly value: string };
  readonly context?: { readonly arguments?: Readonly<Record<string, string>> | undefined } | undefined;
}

/** Completes an argument of a resource template or a prompt. @throws RpcError */
export async function completeArgument(
  { ref, argument, context: given }: CompletionParams,
  context: RequestContext,
  { resources, skills }: Pick<ServerFeatures, 'resources' | 'skills'>,
  cancelled: StopSignal,
): Promise<{ completion: Pick<Completion, keyof Completion> }> {
  const request = { argument: argument.name, value: argument.value, chosen: given?.arguments ?? {} };
  try {
    const completion =
      ref.type === 'ref/prompt'
        ? await skills.complete({ ...request, prompt: ref.name ?? '' }, context, cancelled)
        : await resources.complete({ ...request, uriTemplate: ref.uri ?? '' }, context, cancelled);
    return { completion: { ...completion } };
  } catch (error) {
    throw toRpcError(error, context);
  }
}

/** The params of `prompts/get`. */
export interface PromptParams {
  readonly name: string;
  readonly arguments?: Readonly<Record<string, string>> | undefined;
}

/** Makes a prompt. @throws RpcError for an unknown prompt, and for wrong arguments */
export async function getPrompt(
  { name, arguments: args = {} }: PromptParams,
  context: RequestContext,
  { skills }: Pick<ServerFeatures, 'skills'>,
): Promise<PromptMessages> {
  try {
    return await skills.prompt(name, args, context);
  } catch (error) {
    if (error instanceof PromptError) throw new RpcError(rpcCodes.invalidParams, error.message);
    throw toRpcError(error, context);
  }
}
