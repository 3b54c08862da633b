import type { JsonObject } from '../../lib/json.ts';
import type { WorkflowRequest } from './define-workflow.ts';
import type { Integration } from './integrations.ts';
import { objectOf, textOf } from './values.ts';

/** The bridges that an integration may go through, of those of its account. Undefined if it goes through none. */
export function selectBridges(
  { bridge_selector }: JsonObject,
  bridges: readonly JsonObject[],
): readonly JsonObject[] | undefined {
  const { type, value } = objectOf(bridge_selector);
  if (textOf(type) === undefined) return undefined;
  return bridges.filter(({ id, name, labels }) => {
    if (type !== 'labels') return value === id || value === name;
    return Array.isArray(value) && Array.isArray(labels) && value.every((label) => labels.includes(label));
  });
}

/** The bridge that an integration goes through, and how many agents of it are connected. */
export async function readBridge(one: Integration, request: WorkflowRequest): Promise<string | undefined> {
  if (!selectBridges(one.object, [])) return undefined;
  const bridges = await request.getRows('bridges_list', { account_id: one.accountId });
  const selected = bridges && selectBridges(one.object, bridges);
  if (!selected) return undefined;
  const [bridge, ...others] = selected;
  if (!bridge) return 'no such bridge';
  const more = others.length > 0 ? `; ${others.length} more` : '';
  return `${bridge.name}: ${await readBridgeState(one.accountId, String(bridge.id), request)}${more}`;
}

/** How many agents of a bridge are connected. Those that are not are missing in the API's answer. */
export async function readBridgeState(
  accountId: string,
  bridgeId: string,
  { getRows }: WorkflowRequest,
): Promise<string> {
  const args = { account_id: accountId, bridge_id: bridgeId };
  const agents = await getRows('bridges_get_status', args, { mayBeMissing: true });
  if (!agents) return 'unknown';
  return agents.length === 0 ? 'not connected' : `${agents.length} connected`;
}
