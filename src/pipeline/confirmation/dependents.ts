import type { JsonObject } from '../../lib/json.ts';

/** What is deleted or affected with an object: rows of a list, or figures. */
export interface Dependent {
  readonly what: string;
  /** The operation that reads it. */
  readonly by: string;
  /** Its arguments, made from the object and the arguments of the call. */
  readonly with: (object: JsonObject, args: JsonObject) => JsonObject;
  /** Selects rows; all of them by default. */
  readonly which?: (row: JsonObject, object: JsonObject) => boolean;
  /** Names of the figures, if it is not a list. */
  readonly figures?: readonly string[];
  /** Whether the names of the rows are left out, since another entry already shows them. */
  readonly unnamed?: true;
}

/** Rows that are read of a list. For more than these, the count reads "or more". */
export const maxRows = 100;
const page = { limit: maxRows };

const credentials: Dependent = {
  what: 'credentials',
  by: 'credentials_list',
  with: ({ id }) => ({ owner_id: id, ...page }),
};
const integrationsOfAccount = (what: string, which: NonNullable<Dependent['which']>): Dependent => ({
  what,
  by: 'integrations_list_account',
  with: (_, { account_id }) => ({ account_id, ...page }),
  which,
});
const mentions = (part: unknown, { id }: JsonObject) =>
  JSON.stringify(part ?? null).includes(JSON.stringify(id));

/**
 * What each destroying operation deletes or affects with its object, as far as it can be read. The reads use the call's
 * own arguments where possible: pins have checked those, but not the ids in a response.
 */
export const dependents: Readonly<Record<string, readonly Dependent[]>> = {
  accounts_delete: [
    integrationsOfAccount('integrations', (row, { id }) => row.account_id === id),
    {
      ...integrationsOfAccount(
        'tokens of integrations',
        (row, { id }) => row.account_id === id && row.refresh_token_id !== undefined,
      ),
      unnamed: true,
    },
    credentials,
    { what: 'bridges', by: 'bridges_list', with: (_, { account_id }) => ({ account_id, ...page }) },
  ],
  bridges_delete: [
    integrationsOfAccount('integrations that use it', (row, bridge) => mentions(row.bridge_selector, bridge)),
  ],
  credentials_delete: [
    {
      ...integrationsOfAccount('integrations that use it', (row, credential) =>
        mentions(row.provider_config, credential),
      ),
      with: ({ owner_type }, { owner_id }) =>
        owner_type === 'account' ? { account_id: owner_id, ...page } : {},
    },
  ],
  integrationPoints_delete: [
    {
      what: 'integrations that use it',
      by: 'integrations_list',
      with: ({ id }) => ({ filter: [`integration_point_id[eq]${id}`], ...page }),
      which: (row, { id }) => row.integration_point_id === id,
    },
    credentials,
  ],
  integrations_delete: [
    credentials,
    {
      what: 'tokens',
      by: 'tokens_get',
      with: ({ refresh_token_id }) => ({ refresh_token_id }),
      which: (row, { id }) => row.owner_id === id,
    },
  ],
  members_delete: [
    {
      what: 'tokens',
      by: 'tokens_list',
      with: () => page,
      which: (row, { id }) => row.member_id === id,
    },
  ],
  organizationWebhooks_delete: [credentials],
  roles_delete: [
    {
      what: 'members that have it',
      by: 'members_list',
      with: () => page,
      which: ({ role_binding }, { name }) => Array.isArray(role_binding) && role_binding.includes(name),
    },
  ],
  status_reset: [
    {
      what: 'counters',
      by: 'status_get',
      with: (_, { account_id, integration_id }) => ({ account_id, integration_id }),
      figures: ['requests', 'failed', 'in_bytes', 'out_bytes'],
    },
  ],
};

/** Operations for which the person must type the object's name, because they affect much. */
export const needsTypedName: ReadonlySet<string> = new Set([
  'accounts_delete',
  'auth_logoff',
  'integrations_delete',
  'members_delete',
  'subOrgs_delete',
  'tokens_reset',
]);
