import { isJsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import type { Operation } from '../../tools/define-operation.ts';

/** Arguments that name an account or what belongs to one. */
const argumentsOfAccounts: readonly string[] = ['account_id', 'owner_id', 'integration_id', 'credential_id'];

/**
 * Which accounts and integrations the token can see, for an object that was not found: it may exist all the same. Empty if
 * the token sees all of them, as far as is known. With pins, the limits of the server's own token are not shown.
 */
export function describeTokenLimits({ params }: Operation, { pins, permissions }: RequestContext): string {
  const { resources } = permissions?.current ?? {};
  if (pins || !isJsonObject(resources) || !argumentsOfAccounts.some((name) => name in params)) return '';
  const { accounts, integrations } = resources;
  const limits = [
    ...(isJsonObject(accounts)
      ? [
          limit('environment', accounts.environments),
          isAll(accounts.ids) ? '' : limit('id', accounts.ids),
          limit('label', accounts.labels),
        ]
      : []),
    ...('integration_id' in params && isJsonObject(integrations)
      ? [limit('category', integrations.categories)]
      : []),
  ].filter(Boolean);
  if (limits.length === 0) return '';
  return `The token sees only some accounts and integrations (${limits.join('; ')}), so the object may exist: whoami shows its limits. Tell the person.`;
}

const isAll = (value: unknown) => Array.isArray(value) && value.includes('*');

/** Environments and categories are words of the API; other values were written by others, and are only counted. */
function limit(kind: 'environment' | 'id' | 'label' | 'category', values: unknown): string {
  if (!Array.isArray(values) || values.length === 0 || isAll(values)) return '';
  const areWords = values.every((value) => typeof value === 'string' && /^[a-z]{1,30}$/.test(value));
  if ((kind === 'environment' || kind === 'category') && areWords) return `${kind} ${values.join(', ')}`;
  return `${values.length} ${kind}${values.length === 1 ? '' : 's'}`;
}
