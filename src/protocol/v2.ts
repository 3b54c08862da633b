import { stringifyJson } from '../lib/exact-json.ts';
import type { JsonObject } from '../lib/json.ts';
import type { McpClient } from '../mcp-client.ts';
import type { RequestContext } from '../request-context.ts';
import type { CallResult } from '../tools/define-tool.ts';
import type { InputRequired } from '../tools/input-required.ts';
import { type Envelope, elicitationModes, metaKeys, readEnvelope, v2Revisions } from './envelope.ts';
import { instructionsFor } from './instructions.ts';
import { callTool, maxNameLength, progressReporter } from './requests.ts';
import { RpcError, rpcCodes, toRpcError } from './rpc-error.ts';
import type { FeatureSource } from './server-features.ts';
import { resultMeta, serverInfo } from './server-info.ts';
import type { RequestExtra, StatelessServer } from './stateless-server.ts';
import { withTraceContext } from './trace-context.ts';
import { capabilities } from './v2-capabilities.ts';
import type { Opening, Receive } from './v2-sdk.ts';

/** Milliseconds that a client may reuse a list once the permissions of the token are known. */
const listTtlMs = 60_000;

/** A server for one caller, of protocol revision 2026-07-28. Subscriptions belong to the transport. */
export function createStatelessV2(source: FeatureSource, context: RequestContext): StatelessServer {
  const opening = createOpening(source, context);
  return {
    connect: async (send) => {
      // Loading the SDK takes a tenth of a start, and few requests need it.
      let loading: Promise<Receive> | undefined;
      return (message, extra) => {
        loading ??= import('./v2-sdk.ts').then(({ connectSdk }) =>
          connectSdk(source, context, opening, send),
        );
        void loading.then(
          (receive) => receive(message, extra),
          (error) => {
            loading = undefined;
            const { code, message: text } = toRpcError(error, context);
            if ('id' in message) send({ jsonrpc: '2.0', id: message.id, error: { code, message: text } });
          },
        );
      };
    },
    opening: { 'server/discover': opening.discover, 'tools/list': opening.listTools },
    callTool: async (params, extra, cancelled) => {
      const client = createClient(params, extra);
      const caller = { ...withTraceContext(context, params._meta, extra.headers), client };
      return toolResult(await callTool(params, caller, source.current().surface, cancelled), client);
    },
  };
}

/**
 * `server/discover` and `tools/list`, with which every client begins. Lists and instructions depend on the caller's token,
 * so no cache may give them to another caller.
 */
function createOpening(source: FeatureSource, context: RequestContext): Opening {
  const hints = () => ({ ttlMs: source.isSettled() ? listTtlMs : 0, cacheScope: 'private' as const });
  return {
    hints,
    discover: async () => ({
      supportedVersions: [...v2Revisions],
      capabilities,
      instructions: instructionsFor(context, source.current().surface),
      ...hints(),
      resultType: 'complete' as const,
      _meta: { [metaKeys.serverInfo]: serverInfo(context) },
    }),
    listTools: async () => {
      const { tools } = (await source.forList()).surface;
      return { tools, ...hints(), resultType: 'complete' as const, _meta: resultMeta };
    },
  };
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
