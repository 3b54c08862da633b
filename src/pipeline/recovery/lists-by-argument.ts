import { findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';

/** The list that holds the objects an argument names. */
export interface Collection {
  /** The kind of object. */
  readonly what: string;
  /** The operation that lists them. */
  readonly list: string;
  /** What the argument takes; names too, unless set. */
  readonly by?: 'id';
  /** Another way to find one. */
  readonly also?: string;
}

const collections: Readonly<Record<string, Collection>> = {
  account_id: { what: 'account', list: 'accounts_list' },
  integration_id: { what: 'integration', list: 'integrations_list_account' },
  integration_point_id: { what: 'integration point', list: 'integrationPoints_list' },
  bridge_id: { what: 'bridge', list: 'bridges_list' },
  credential_id: {
    what: 'credential',
    list: 'credentials_list',
    also: 'credentials_lookup finds the owner of a credential id.',
  },
  member_id: { what: 'member', list: 'members_list' },
  role_id: { what: 'role', list: 'roles_list' },
  webhook_id: { what: 'webhook', list: 'organizationWebhooks_list' },
  mapping_id: { what: 'mapping', list: 'mappings_list' },
  refresh_token_id: { what: 'token', list: 'tokens_list' },
  permissionset_id: { what: 'permission set', list: 'permissionset_list' },
  organization_id: { what: 'sub-organization', list: 'subOrgs_list' },
  provider_id: {
    what: 'provider',
    list: 'capabilities_list_providers',
    by: 'id',
    also: 'Use its argument search to find others.',
  },
};

/** Accounts are the most frequent owners of credentials. */
const owner: Collection = { what: 'owner', list: 'accounts_list', also: 'Integrations own credentials too.' };

/** The collection of the objects that an argument names; undefined if no list has them. */
export function collectionOf({ id, group }: Operation, argument: string): Collection | undefined {
  // auth_logon takes the token's own organization.
  if (argument === 'organization_id' && group !== 'sub-orgs') return undefined;
  // The call has no owner to list credentials by.
  if (argument === 'credential_id' && id === 'credentials_lookup') return undefined;
  if (argument === 'owner_id' && group === 'credentials') return owner;
  return Object.hasOwn(collections, argument) ? collections[argument] : undefined;
}

/** Argument names for Synqly's types of objects, where they differ from `TYPE_id`. */
const argumentsByType: Readonly<Record<string, string>> = {
  organization_webhook: 'webhook_id',
  token: 'refresh_token_id',
  sub_org: 'organization_id',
  transform: 'mapping_id',
};

/** The argument that names an object of one of Synqly's types. */
export function argumentOfType(type: unknown): string {
  return argumentsByType[String(type)] ?? `${type}_id`;
}

/** The list of a collection. */
export function listOperationFor({ list }: Collection): Operation {
  return findOperation(list) as Operation;
}
