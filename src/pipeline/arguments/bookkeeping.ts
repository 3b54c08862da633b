import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { ToolDefinition } from '../../tools/define-tool.ts';

/**
 * Arguments that clients add to every call for their own use, and with which the arguments they come. Each was seen in the
 * field; docs/tools.md lists them.
 */
const addedByClients: Readonly<Record<string, (given: JsonObject) => boolean>> = {
  // n8n: n8n-io/n8n#21500, #21716 and #24263. A model may mean `action`; n8n sends it with `chatInput`.
  toolCallId: () => true,
  sessionId: () => true,
  chatInput: () => true,
  action: ({ chatInput }) => chatInput !== undefined,
  // Cline: cline/cline#8256, #9684 and #10426.
  task_progress: () => true,
  // SiYuan: siyuan-note/siyuan#17927.
  _sessionID: () => true,
  // Clients that put the metadata of the request among the arguments: simonx1/ruby-mcp-client#179.
  _meta: () => true,
};

const names = Object.keys(addedByClients);

/** Arguments as the client sent them, without those that it added for itself and that the tool does not take. */
export function withoutBookkeeping({ input }: Pick<ToolDefinition, 'input'>, raw: unknown): unknown {
  if (!isJsonObject(raw)) return raw;
  const added = names.filter(
    (name) => Object.hasOwn(raw, name) && !Object.hasOwn(input.shape, name) && addedByClients[name]?.(raw),
  );
  if (added.length === 0) return raw;
  return Object.fromEntries(Object.entries(raw).filter(([name]) => !added.includes(name)));
}
