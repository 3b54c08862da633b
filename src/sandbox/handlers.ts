/*
 * Every operation's handler, by operation id.
 */
import { accountsHandlers } from './handlers/accounts.ts';
import { auditHandlers } from './handlers/audit.ts';
import { authHandlers } from './handlers/auth.ts';
import { bridgesHandlers } from './handlers/bridges.ts';
import { capabilitiesHandlers } from './handlers/capabilities.ts';
import { credentialsHandlers } from './handlers/credentials.ts';
import { integrationPointsHandlers } from './handlers/integration-points.ts';
import { integrationsHandlers } from './handlers/integrations.ts';
import { mappingsHandlers } from './handlers/mappings.ts';
import { membersHandlers } from './handlers/members.ts';
import { metaHandlers } from './handlers/meta.ts';
import { operationsHandlers } from './handlers/operations.ts';
import { organizationHandlers } from './handlers/organization.ts';
import { organizationWebhooksHandlers } from './handlers/organization-webhooks.ts';
import { permissionSetsHandlers } from './handlers/permission-sets.ts';
import { rolesHandlers } from './handlers/roles.ts';
import { statusHandlers } from './handlers/status.ts';
import { subOrgsHandlers } from './handlers/sub-orgs.ts';
import { tokensHandlers } from './handlers/tokens.ts';
import type { Handlers } from './model.ts';

/** All handlers: one for each of the 96 operations of the fact sheet. */
export const handlers: Handlers = {
  ...accountsHandlers,
  ...auditHandlers,
  ...authHandlers,
  ...bridgesHandlers,
  ...capabilitiesHandlers,
  ...credentialsHandlers,
  ...integrationPointsHandlers,
  ...integrationsHandlers,
  ...mappingsHandlers,
  ...membersHandlers,
  ...metaHandlers,
  ...operationsHandlers,
  ...organizationHandlers,
  ...organizationWebhooksHandlers,
  ...permissionSetsHandlers,
  ...rolesHandlers,
  ...statusHandlers,
  ...subOrgsHandlers,
  ...tokensHandlers,
};
