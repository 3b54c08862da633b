import { findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';

/** Where the objects are that an argument names. */
export interface Collection {
  /** What it names. */
  readonly what: string;
  /** The list of them. */
  readonly list: string;
  /** What the argument takes; names do where nothing is said. */
  readonly by?: 'id';
  /** What else helps to find one. */
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
    also: 'With search it finds others.',
  },
};

/** What the owner of a credential is, where it is not said. */
const owner: Collection = { what: 'owner', list: 'accounts_list', also: 'Integrations own credentials too.' };

/** Where to look for what an argument of an operation names; undefined where no list tells it. */
export function collectionOf({ id, group }: Operation, argument: string): Collection | undefined {
  // One logs on to the token's own organization.
  if (argument === 'organization_id' && group !== 'sub-orgs') return undefined;
  // It has no owner to list by.
  if (argument === 'credential_id' && id === 'credentials_lookup') return undefined;
  if (argument === 'owner_id' && group === 'credentials') return owner;
  return Object.hasOwn(collections, argument) ? collections[argument] : undefined;
}

/** The list of a collection. */
export function listOperationFor({ list }: Collection): Operation {
  return findOperation(list) as Operation;
}
