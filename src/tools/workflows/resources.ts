import type { JsonObject } from '../../lib/json.ts';
import { objectOf, textOf, textsOf } from './values.ts';

/** The resources of a role or token in a few words: `accounts of prod labelled region:eu, ticketing integrations`. */
export function describeResources(resources: unknown): string {
  const { accounts, integrations, organizations } = objectOf(resources);
  const categories = textsOf(objectOf(integrations).categories);
  const parts = [
    accounts === undefined ? undefined : describeAccounts(objectOf(accounts)),
    categories.length === 0 ? undefined : `${categories.join(', ')} integrations`,
    organizations === undefined
      ? undefined
      : `organizations ${textsOf(objectOf(organizations).ids).join(', ')}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? 'everything' : parts.join(', ');
}

function describeAccounts({ ids, labels, environments }: JsonObject): string {
  const [named, labelled, environment] = [textsOf(ids), textsOf(labels), textsOf(environments)];
  return [
    named.length === 0 || named.includes('*') ? 'accounts' : `accounts ${named.join(', ')}`,
    ...(environment.length > 0 ? [`of ${environment.join(', ')}`] : []),
    ...(labelled.length > 0 ? [`labelled ${labelled.join(', ')}`] : []),
  ].join(' ');
}

/** How the resources of a role or token include an account; undefined if they do not. */
export function reachOf(resources: unknown, account: JsonObject): string | undefined {
  const { accounts } = objectOf(resources);
  if (accounts === undefined) return 'all accounts';
  const { ids, labels, environments } = objectOf(accounts);
  const [named, wanted, environment] = [textsOf(ids), textsOf(labels), textsOf(environments)];
  if (named.includes(String(account.id)) || named.includes(String(account.name))) return 'named';
  if (named.length > 0 && !named.includes('*')) return undefined;
  const own = textsOf(account.labels);
  if (environment.length > 0 && !environment.includes(textOf(account.environment) ?? '')) return undefined;
  if (wanted.length > 0 && !wanted.some((label) => own.includes(label))) return undefined;
  const by = [...(environment.length > 0 ? ['environment'] : []), ...(wanted.length > 0 ? ['label'] : [])];
  return by.length > 0 ? `by ${by.join(' and ')}` : 'all accounts';
}

/** The permissions of a token object: those of its role, or of its own. */
export function permissionsOf(token: JsonObject): JsonObject {
  const access = objectOf(objectOf(token.primary).access);
  return objectOf(access.permissions);
}
