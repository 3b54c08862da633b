/*
 * Checks before an integration is created, changed or verified: its provider configuration, the credentials it
 * refers to, its integration point, bridge and schedules.
 */

import { agentsOf } from './bridge-agents.ts';
import { type CredentialOwner, storeCredential } from './credential-store.ts';
import type { SandboxState, Stored } from './model.ts';
import { badRequest } from './problem.ts';
import { type CheckedConfig, type CredentialSlot, checkProviderConfig } from './provider-config.ts';
import type { ProviderFact } from './provider-facts.ts';
import { checkSchedules } from './schedules.ts';

type Fields = Readonly<Record<string, unknown>>;

interface FilledSlot {
  readonly slot: CredentialSlot;
  /** The stored credential of a reference. */
  readonly stored: Stored | undefined;
}

/** A validated integration. Nothing is stored yet. */
export interface IntegrationPlan {
  readonly state: SandboxState;
  readonly account: Stored;
  readonly provider: ProviderFact;
  /** The configuration to store, after `adoptCredentials`. */
  readonly config: Record<string, unknown>;
  readonly point: Stored | undefined;
  readonly bridge: BridgeChoice | undefined;
  readonly schedules: unknown;
  readonly slots: readonly FilledSlot[];
}

interface BridgeChoice {
  /** The selector with the bridge's id in place of its name. */
  readonly selector: Fields;
  readonly connected: boolean;
}

export interface PlanOptions {
  /** The integration that is changed, if any: its own credentials may be referenced. */
  readonly current?: Stored;
  /** Ids of other owners whose credentials may be referenced. */
  readonly owners?: readonly string[];
  /** JSON Pointer to the fields within the request body. */
  readonly root?: string;
}

/**
 * Checks the fields of an integration.
 * @param body CreateIntegrationRequest, or the integration after the change.
 * @throws ProblemError 400 that names the offending field.
 */
export function planIntegration(
  state: SandboxState,
  account: Stored,
  body: Fields,
  { current, owners = [], root = '' }: PlanOptions = {},
): IntegrationPlan {
  const checked = checkProviderConfig(body.provider_config, `${root}/provider_config`);
  const point = findPoint(state, body.integration_point_id, root);
  if (point) checkPoint(point, account, checked, root);
  const lenders = [account.id, point?.id, current?.id, ...owners].filter((id) => id !== undefined);
  const schedules = chooseSchedules(body, point, current);
  checkSchedules(schedules, checked.provider.category, state.now(), root);
  return {
    state,
    account,
    provider: checked.provider,
    config: checked.config,
    point,
    bridge: chooseBridge(state, account, body.bridge_selector, root),
    schedules,
    slots: checked.slots.map((slot) => ({ slot, stored: findReferred(state, slot, lenders) })),
  };
}

/**
 * Stores the plan's inline secrets and replaces them with references. A secret for a field whose credential the
 * integration already owns replaces that credential's.
 * @returns the new credentials.
 */
export function adoptCredentials(plan: IntegrationPlan, integration: Stored, current?: Stored): Stored[] {
  const { state } = plan;
  const owner: CredentialOwner = { type: 'integration', id: integration.id };
  const created: Stored[] = [];
  for (const { slot, stored } of plan.slots) {
    if (stored) slot.refer(stored.id);
    if (!slot.inline) continue;
    const own = current && findOwn(state, current, slot);
    const config = { ...slot.inline, type: slot.kind };
    if (own) {
      state.credentialSecrets.set(own.id, config);
      state.collections.credential.replace({ ...own, updated_at: state.timestamp() });
      slot.refer(own.id);
      continue;
    }
    const credential = storeCredential(state, owner, {
      name: freeName(state, owner.id, `${integration.name}-${slot.field}`),
      fullname: `Credential of ${String(integration.fullname)}`,
      config,
      managed: true,
    });
    created.push(credential);
    slot.refer(credential.id);
  }
  return created;
}

function findPoint(state: SandboxState, idOrName: unknown, root: string): Stored | undefined {
  if (typeof idOrName !== 'string' || idOrName === '') return undefined;
  const point = state.collections.integration_point.find(idOrName);
  if (point) return point;
  throw badRequest(`There is no integration point "${idOrName}".`, {
    parameter: { id: `${root}/integration_point_id`, location: 'body', value: idOrName },
  });
}

function checkPoint(point: Stored, account: Stored, { provider }: CheckedConfig, root: string): void {
  const subject = {
    parameter: { id: `${root}/provider_config/type`, location: 'body', value: provider.id },
    resources: [{ type: 'integration_point', id: point.id, rel: 'cause' }],
  } as const;
  if (point.connector !== provider.category)
    throw badRequest(
      `The integration point is for ${point.connector}, but ${provider.id} is for ${provider.category}.`,
      subject,
    );
  const environment = String(account.environment);
  const allowed = (point.environments as Record<string, string[] | null | undefined>)[environment] ?? [];
  if (allowed.includes('*') || allowed.includes(provider.id)) return;
  const listed = allowed.length > 0 ? `It allows ${allowed.join(', ')}.` : 'It allows none.';
  throw badRequest(`The integration point does not allow ${provider.id} in the environment ${environment}.`, {
    ...subject,
    detail: listed,
    remediation: `Use an allowed provider, or add this one to environments.${environment} of the integration point.`,
  });
}

function chooseSchedules(body: Fields, point: Stored | undefined, current: Stored | undefined): unknown {
  const own = body.scheduled_operations;
  const isEmpty = !Array.isArray(own) || own.length === 0;
  return isEmpty && !current && point?.scheduled_operations
    ? structuredClone(point.scheduled_operations)
    : own;
}

function findReferred(
  state: SandboxState,
  slot: CredentialSlot,
  owners: readonly string[],
): Stored | undefined {
  const { reference } = slot;
  if (reference === undefined) return undefined;
  const credentials = state.collections.credential;
  const found = owners.map((owner) => credentials.find(reference, owner)).find((one) => one !== undefined);
  const parameter = { id: `${slot.pointer}/value`, location: 'body', value: reference } as const;
  if (!found)
    throw badRequest(`Neither the account nor the integration point has a credential "${reference}".`, {
      parameter,
      remediation: `Create a ${slot.kind} credential for the account first, or give the secret inline.`,
    });
  const { type } = found.config as { type: string };
  if (type === slot.kind) return found;
  throw badRequest(`The credential "${reference}" is of kind ${type}, but ${slot.form} needs ${slot.kind}.`, {
    parameter,
    resources: [{ type: 'credential', id: found.id, rel: 'cause' }],
  });
}

function findOwn(state: SandboxState, current: Stored, slot: CredentialSlot): Stored | undefined {
  const value = (readPointer(current, slot.pointer) as { value?: string } | undefined)?.value;
  const own = value === undefined ? undefined : state.collections.credential.find(value, current.id);
  return own && (own.config as { type: string }).type === slot.kind ? own : undefined;
}

function readPointer(root: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (node, token) => (node as Fields | undefined)?.[token.replaceAll('~1', '/').replaceAll('~0', '~')],
      root,
    );
}

function freeName(state: SandboxState, ownerId: string, wanted: string): string {
  const taken = (name: string) => state.collections.credential.find(name, ownerId) !== undefined;
  let name = wanted;
  for (let number = 2; taken(name); number++) name = `${wanted}-${number}`;
  return name;
}

function chooseBridge(
  state: SandboxState,
  account: Stored,
  selector: unknown,
  root: string,
): BridgeChoice | undefined {
  if (typeof selector !== 'object' || selector === null) return undefined;
  const { type, value } = selector as { type: string; value: string | string[] };
  const isConnected = (bridge: Stored) => agentsOf(state, bridge).length > 0;
  if (Array.isArray(value)) {
    const fitting = state.collections.bridge
      .all(account.id)
      .filter(({ labels }) => value.every((label) => (labels as string[] | undefined)?.includes(label)));
    return { selector: { type, value }, connected: fitting.some(isConnected) };
  }
  const bridge = state.collections.bridge.find(value, account.id);
  if (!bridge)
    throw badRequest(`The account has no bridge "${value}".`, {
      parameter: { id: `${root}/bridge_selector/value`, location: 'body', value },
      remediation: 'Name a bridge that bridges_list shows for the account.',
    });
  return { selector: { type, value: bridge.id }, connected: isConnected(bridge) };
}
