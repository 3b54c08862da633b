/* The audit log: one record for every call of an operation (schema Audit). */
import { STATUS_CODES } from 'node:http';
import type { SandboxState } from './model.ts';

/** A finished call to record. */
export interface AuditedCall {
  readonly method: string;
  /** The requested path, without the query. */
  readonly path: string;
  readonly status: number;
  readonly requestBody: unknown;
  readonly responseText: string;
  readonly remoteAddress: string;
  readonly userAgent: string;
  readonly memberId: string | undefined;
  readonly concerns: AuditedResources;
}

/** The resources of a call, from its path. */
export interface AuditedResources {
  readonly account_id?: string;
  readonly integration_id?: string;
  readonly bridge_group_id?: string;
  readonly environment?: string;
}

const keptRecords = 10_000;
const keptResponse = 4_000;
const mask = '***';

// The vendor warns that records may repeat sensitive values. Values under these names are masked; a secret
// elsewhere (the value of a patch step, a message) is not.
const secretNames: ReadonlySet<string> = new Set([
  'secret',
  'old_secret',
  'new_secret',
  'client_secret',
  'secret_access_key',
  'session',
  'private_key',
  'credential',
  'provider_key',
  'integrator_key',
]);

/** Finds the objects that path parameters name. Call it before the handler, which may delete them. */
export function findAuditedResources(
  params: Readonly<Record<string, string>>,
  state: SandboxState,
): AuditedResources {
  const { account: accounts, integration: integrations, bridge: bridges } = state.collections;
  const { accountId, integrationId, bridgeId } = params;
  const account = accountId === undefined ? undefined : accounts.find(accountId);
  if (!account) return {};
  const integration = integrationId === undefined ? undefined : integrations.find(integrationId, account.id);
  const bridge = bridgeId === undefined ? undefined : bridges.find(bridgeId, account.id);
  return {
    account_id: account.id,
    environment: account.environment as string,
    ...(integration && { integration_id: integration.id }),
    ...(bridge && { bridge_group_id: bridge.id }),
  };
}

/** Adds an object that the call created, which its path could not name yet. */
export function addCreated(concerns: AuditedResources, answer: unknown): AuditedResources {
  const { account, integration } = ((answer as { result?: unknown } | undefined)?.result ?? {}) as {
    account?: { id: string; environment: string };
    integration?: { id: string };
  };
  return {
    ...(account && { account_id: account.id, environment: account.environment }),
    ...(integration && { integration_id: integration.id }),
    ...concerns,
  };
}

/** Adds a record to the log. Records are ordered by time alone, so no two have the same. */
export function recordCall(state: SandboxState, call: AuditedCall): void {
  const last = state.audit.at(-1)?.created_at;
  const time = Math.max(state.now(), last === undefined ? 0 : Date.parse(String(last)) + 1);
  const { environment = 'prod', ...concerns } = call.concerns;
  state.audit.push({
    environment,
    created_at: new Date(time).toISOString(),
    remote_addr: call.remoteAddress,
    user_agent: call.userAgent,
    audit_type: call.status >= 500 ? 'ERROR' : 'API',
    method: call.method,
    path: call.path,
    code: String(call.status),
    status: STATUS_CODES[call.status] ?? 'Unknown',
    ...(call.requestBody !== undefined && { body: withoutSecrets(call.requestBody) }),
    ...(call.responseText !== '' && { response: shorten(call.responseText) }),
    ...(call.memberId && { member_id: call.memberId }),
    ...concerns,
  });
  if (state.audit.length > keptRecords) state.audit.splice(0, state.audit.length - keptRecords);
}

function shorten(text: string): string {
  // A long response is cut first, so a value may lack its closing quote.
  const plain = text
    .slice(0, 2 * keptResponse)
    .replace(/"(\w+)":"(?:[^"\\]|\\.)*(?:"|$)/g, (whole, name: string) =>
      secretNames.has(name) ? `"${name}":"${mask}"` : whole,
    );
  return plain.length > keptResponse ? `${plain.slice(0, keptResponse)}…` : plain;
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      secretNames.has(name) && typeof inner === 'string' ? mask : withoutSecrets(inner),
    ]),
  );
}
