/*
 * Resource limits: which accounts, integrations and organizations a grant covers, and whether one grant
 * covers no more than others (schema Resources).
 */
import { operationFacts } from './facts.ts';
import type { Grant, Resources, SandboxState, Stored } from './model.ts';
import { allows } from './permissions.ts';

export type ReachedKind = 'account' | 'integration' | 'organization';

/** Whether any of the grants covers an object. */
export function covers(
  grants: readonly Grant[],
  kind: ReachedKind,
  object: Stored,
  state: SandboxState,
): boolean {
  return grants.some(({ resources }) => {
    if (kind === 'organization') return coversOrganization(resources, object);
    if (kind === 'account') return coversAccount(resources, object);
    return coversIntegration(resources, object, state);
  });
}

function coversAccount(resources: Resources | undefined, account: Stored): boolean {
  const limits = resources?.accounts;
  if (!limits) return true;
  const labels = (account.labels ?? []) as string[];
  return (
    hasId(limits.ids, account) &&
    (!limits.labels?.length || limits.labels.some((label) => labels.includes(label))) &&
    (!limits.environments?.length || limits.environments.includes(account.environment as string))
  );
}

function coversIntegration(
  resources: Resources | undefined,
  integration: Stored,
  state: SandboxState,
): boolean {
  const categories = resources?.integrations?.categories;
  if (categories && !categories.includes('*') && !categories.includes(integration.category as string))
    return false;
  if (!resources?.accounts) return true;
  const account = state.collections.account.find(integration.account_id as string);
  return account !== undefined && coversAccount(resources, account);
}

function coversOrganization(resources: Resources | undefined, organization: Stored): boolean {
  const limits = resources?.organizations;
  return !limits || hasId(limits.ids, organization);
}

// Names are accepted in place of ids here too.
function hasId(ids: readonly string[], object: Stored): boolean {
  return ids.includes('*') || ids.includes(object.id) || ids.includes(object.name);
}

/** Whether one of the caller's grants covers all actions and resources of `wanted`. */
export function isCoveredBy(wanted: Grant, kept: readonly Grant[], state: SandboxState): boolean {
  return kept.some(
    (grant) =>
      areActionsCovered(wanted.permissionSet, grant.permissionSet) &&
      areResourcesCovered(wanted.resources, grant.resources, state),
  );
}

function areActionsCovered(wanted: string, kept: string): boolean {
  return operationFacts().every(
    ({ operationId }) => !allows(wanted, operationId) || allows(kept, operationId),
  );
}

function areResourcesCovered(
  wanted: Resources | undefined,
  kept: Resources | undefined,
  state: SandboxState,
): boolean {
  const [accounts, integrations] = [kept?.accounts, kept?.integrations];
  return (
    (!accounts || accountsWithin(wanted?.accounts, kept, state)) &&
    (!integrations ||
      integrations.categories.includes('*') ||
      isSubset(wanted?.integrations?.categories, integrations.categories)) &&
    (!kept?.organizations ||
      kept.organizations.ids.includes('*') ||
      isSubset(wanted?.organizations?.ids, kept.organizations.ids))
  );
}

function accountsWithin(
  wanted: Resources['accounts'],
  kept: Resources | undefined,
  state: SandboxState,
): boolean {
  const limits = kept?.accounts;
  if (!wanted || !limits) return !limits;
  if (!wanted.ids.includes('*')) {
    return wanted.ids.every((id) => {
      const account = state.collections.account.find(id);
      return account ? coversAccount(kept, account) : limits.ids.includes(id);
    });
  }
  return (
    limits.ids.includes('*') &&
    (!limits.labels?.length || isSubset(wanted.labels, limits.labels)) &&
    (!limits.environments?.length || isSubset(wanted.environments, limits.environments))
  );
}

// An empty or missing list means no limit, so it is no subset of a list.
function isSubset(wanted: readonly string[] | null | undefined, kept: readonly string[]): boolean {
  return !!wanted?.length && wanted.every((one) => kept.includes(one));
}
