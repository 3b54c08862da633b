import {
  accountsCreate,
  accountsDelete,
  accountsGet,
  accountsList,
  accountsPatch,
  accountsUpdate,
} from './accounts.ts';
import { auditList } from './audit.ts';
import { authChangePassword, authLogoff, authLogon } from './auth.ts';
import {
  bridgesCreate,
  bridgesDelete,
  bridgesGet,
  bridgesGetStatus,
  bridgesList,
  bridgesPatch,
  bridgesUpdate,
} from './bridges.ts';
import {
  capabilitiesGetProvider,
  capabilitiesListConnectors,
  capabilitiesListProviders,
} from './capabilities.ts';
import {
  credentialsCreate,
  credentialsDelete,
  credentialsGet,
  credentialsList,
  credentialsLookup,
  credentialsPatch,
  credentialsUpdate,
} from './credentials.ts';
import {
  integrationPointsCreate,
  integrationPointsDelete,
  integrationPointsGet,
  integrationPointsList,
  integrationPointsPatch,
  integrationPointsUpdate,
} from './integration-points.ts';
import {
  integrationsCreate,
  integrationsDelete,
  integrationsGet,
  integrationsList,
  integrationsListAccount,
  integrationsPatch,
  integrationsUpdate,
  integrationsVerify,
} from './integrations.ts';
import {
  mappingsApply,
  mappingsCreate,
  mappingsDelete,
  mappingsGet,
  mappingsList,
  mappingsPatch,
  mappingsUpdate,
} from './mappings.ts';
import {
  membersCreate,
  membersDelete,
  membersGet,
  membersList,
  membersPatch,
  membersUpdate,
} from './members.ts';
import { metaEngineOpenapiSpec, metaManagementOpenapiSpec } from './meta.ts';
import type { Group, Operation } from './operation.ts';
import { operationsList, operationsListExecutionHistory } from './operations.ts';
import { organizationGet, organizationPatch, organizationUpdate } from './organization.ts';
import {
  organizationWebhooksCreate,
  organizationWebhooksDelete,
  organizationWebhooksGet,
  organizationWebhooksList,
  organizationWebhooksPatch,
  organizationWebhooksUpdate,
} from './organization-webhooks.ts';
import { permissionsetGet, permissionsetList } from './permission-sets.ts';
import { rolesCreate, rolesDelete, rolesGet, rolesList, rolesPatch, rolesUpdate } from './roles.ts';
import {
  statusGet,
  statusGetIntegrationTimeseries,
  statusGetTimeseries,
  statusList,
  statusListEvents,
  statusReset,
} from './status.ts';
import { subOrgsCreate, subOrgsDelete, subOrgsGet, subOrgsList } from './sub-orgs.ts';
import {
  tokensCreateIntegrationToken,
  tokensCreateMcpToken,
  tokensCreateSynqlyIntegrationsToken,
  tokensCreateToken,
  tokensDelete,
  tokensGet,
  tokensList,
  tokensRefresh,
  tokensRemoveSecondary,
  tokensReset,
  tokensRotate,
} from './tokens.ts';

/** All operations of the Management API, in the order of its reference. */
export const catalogue: readonly Operation[] = [
  accountsList,
  accountsCreate,
  accountsGet,
  accountsUpdate,
  accountsPatch,
  accountsDelete,
  auditList,
  authLogon,
  authChangePassword,
  authLogoff,
  bridgesList,
  bridgesCreate,
  bridgesGet,
  bridgesUpdate,
  bridgesPatch,
  bridgesDelete,
  bridgesGetStatus,
  capabilitiesListConnectors,
  capabilitiesListProviders,
  capabilitiesGetProvider,
  credentialsList,
  credentialsCreate,
  credentialsGet,
  credentialsUpdate,
  credentialsPatch,
  credentialsDelete,
  credentialsLookup,
  integrationPointsList,
  integrationPointsCreate,
  integrationPointsGet,
  integrationPointsUpdate,
  integrationPointsPatch,
  integrationPointsDelete,
  integrationsList,
  integrationsListAccount,
  integrationsCreate,
  integrationsGet,
  integrationsUpdate,
  integrationsPatch,
  integrationsDelete,
  integrationsVerify,
  mappingsList,
  mappingsCreate,
  mappingsGet,
  mappingsUpdate,
  mappingsPatch,
  mappingsDelete,
  mappingsApply,
  membersList,
  membersCreate,
  membersGet,
  membersUpdate,
  membersPatch,
  membersDelete,
  metaManagementOpenapiSpec,
  metaEngineOpenapiSpec,
  operationsList,
  operationsListExecutionHistory,
  organizationWebhooksList,
  organizationWebhooksCreate,
  organizationWebhooksGet,
  organizationWebhooksUpdate,
  organizationWebhooksPatch,
  organizationWebhooksDelete,
  organizationGet,
  organizationUpdate,
  organizationPatch,
  permissionsetList,
  permissionsetGet,
  rolesList,
  rolesCreate,
  rolesGet,
  rolesUpdate,
  rolesPatch,
  rolesDelete,
  statusList,
  statusGet,
  statusReset,
  statusListEvents,
  statusGetTimeseries,
  statusGetIntegrationTimeseries,
  subOrgsList,
  subOrgsCreate,
  subOrgsGet,
  subOrgsDelete,
  tokensCreateToken,
  tokensList,
  tokensCreateMcpToken,
  tokensCreateIntegrationToken,
  tokensCreateSynqlyIntegrationsToken,
  tokensDelete,
  tokensGet,
  tokensReset,
  tokensRotate,
  tokensRefresh,
  tokensRemoveSecondary,
];

const byId = new Map(catalogue.map((operation) => [operation.id, operation]));

/** The operation with this id, if there is one. */
export function findOperation(id: string): Operation | undefined {
  return byId.get(id);
}

/** What each group is called in lists for people, in the order of the reference. */
export const groupTitles: Readonly<Record<Group, string>> = {
  accounts: 'Accounts',
  audit: 'Audit',
  auth: 'Authentication',
  bridges: 'Bridges',
  capabilities: 'Capabilities',
  credentials: 'Credentials',
  'integration-points': 'Integration points',
  integrations: 'Integrations',
  mappings: 'Mappings',
  members: 'Members',
  meta: 'OpenAPI documents',
  operations: 'Operations',
  'organization-webhooks': 'Organization webhooks',
  organization: 'Organization',
  'permission-sets': 'Permission sets',
  roles: 'Roles',
  status: 'Status',
  'sub-orgs': 'Sub-organizations',
  tokens: 'Tokens',
};
