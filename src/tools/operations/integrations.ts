import * as z from 'zod';
import { defineOperation } from '../define-operation.ts';
import { integrationSecrets, messageSecrets, secretsWithin, tokenPairSecrets } from '../response-secrets.ts';
import {
  abbreviated,
  accountId,
  byName,
  byRepeatedName,
  clearable,
  filter,
  fullname,
  integrationId,
  limit,
  name,
  newName,
  order,
  publishedAs,
  secret,
  secretPatch,
  startAfter,
  text,
  texts,
  total,
} from '../schemas/fields.ts';
import {
  additionalMapping,
  additionalMappingShape,
  mappingChain,
  mappingChainShape,
  operationSchedule,
} from '../schemas/integration.ts';

const integration = { account_id: accountId, integration_id: integrationId };
const expand = z
  .array(publishedAs(['accounts', 'integration_points', 'all'], ['account', 'integration_point']))
  .optional();

/* No enum of the 169 providers and no schema for each: that would cost more tokens than all other tools together. */
const providerConfig = secret(
  z
    .looseObject({ type: text })
    .describe(
      'type: provider id; other fields: see capabilities_get_provider, expand provider_config. Credentials: inline {type: token, secret} or stored {type: token_id, value: id}',
    ),
);
const bridgeSelector = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('id'), value: text }),
  z.strictObject({ type: z.literal('labels'), value: texts }),
]);
const webhookConfig = z.strictObject({
  provider_key: secret(text).nullish(),
  items: z.array(
    z.strictObject({
      webhook_url: text,
      event_filter: z
        .array(
          z.enum([
            'TicketCreated',
            'TicketUpdated',
            'TicketDeleted',
            'TicketCommentCreated',
            'TicketCommentDeleted',
          ]),
        )
        .nullish(),
      integrator_key: secret(text).nullish(),
    }),
  ),
});
const mappings = z.array(mappingChain);
const additionalMappings = z.array(additionalMapping);
const schedules = z.array(operationSchedule);

const newIntegration = {
  name: newName,
  fullname,
  provider_config: providerConfig,
  integration_point_id: text.optional(),
  bridge_selector: bridgeSelector.optional(),
};

/* Only integrations_create describes these fields in full; the other tools refer to it. */
const describedFields = {
  webhook_config: abbreviated(
    webhookConfig,
    "Forwards the provider's webhooks: {items: [{webhook_url, event_filter?: [TicketCreated|TicketUpdated|TicketDeleted|TicketCommentCreated|TicketCommentDeleted], integrator_key?}], provider_key?}",
  ),
  mappings: abbreviated(mappings, `Items: ${mappingChainShape}`),
  additional_mappings: abbreviated(additionalMappings, `Items: ${additionalMappingShape}`),
  scheduled_operations: schedules,
};
const asAbove = 'As in integrations_create';
const referringFields = {
  webhook_config: abbreviated(webhookConfig, asAbove),
  mappings: abbreviated(mappings, asAbove),
  additional_mappings: abbreviated(additionalMappings, asAbove),
  scheduled_operations: abbreviated(schedules, asAbove),
};

export const integrationsList = defineOperation({
  id: 'integrations_list',
  group: 'integrations',
  method: 'GET',
  path: '/v1/integrations',
  effect: 'read',
  pinRule: {
    kind: 'rows',
    account: 'account_id',
    onAccount: { replacedBy: 'integrations_list_account' },
    onEnvironment: { filter: 'account_id[in]' },
  },
  title: 'List integrations',
  listing: {
    columns: [
      'name',
      'fullname',
      'account_id',
      'account.name',
      'provider_config.type',
      'category',
      'integration_point_id',
      'integration_point.name',
    ],
    cursor: byRepeatedName,
  },
  summary: 'List the integrations of all accounts: configured connections to providers.',
  query: { limit, start_after: startAfter, order, filter, expand, total },
  secrets: secretsWithin('result[]', integrationSecrets),
});

export const integrationsListAccount = defineOperation({
  id: 'integrations_list_account',
  group: 'integrations',
  method: 'GET',
  path: '/v1/integrations/{account_id}',
  effect: 'read',
  pinRule: { kind: 'account', by: 'account_id' },
  title: 'List account integrations',
  listing: {
    columns: [
      'name',
      'fullname',
      'account_id',
      'account.name',
      'provider_config.type',
      'category',
      'integration_point_id',
      'integration_point.name',
    ],
    cursor: byName,
  },
  summary: 'List the integrations of one account.',
  params: { account_id: accountId },
  query: { limit, start_after: startAfter, order, filter, expand, total },
  secrets: secretsWithin('result[]', integrationSecrets),
});

export const integrationsCreate = defineOperation({
  id: 'integrations_create',
  group: 'integrations',
  method: 'POST',
  path: '/v1/integrations/{account_id}',
  effect: 'create',
  pinRule: { kind: 'account', by: 'account_id' },
  title: 'Create integration',
  summary:
    'Connect an account to a provider, which is contacted now. Check messages.problems in the result: it may be created without working. integrations_verify tests it first.',
  params: { account_id: accountId },
  body: {
    ...newIntegration,
    webhook_config: describedFields.webhook_config.optional(),
    mappings: describedFields.mappings.optional(),
    additional_mappings: describedFields.additional_mappings.optional(),
    scheduled_operations: describedFields.scheduled_operations.optional(),
  },
  secrets: [
    ...secretsWithin('result.integration', integrationSecrets),
    ...secretsWithin('result.token', tokenPairSecrets),
    ...messageSecrets,
  ],
});

export const integrationsGet = defineOperation({
  id: 'integrations_get',
  group: 'integrations',
  method: 'GET',
  path: '/v1/integrations/{account_id}/{integration_id}',
  effect: 'read',
  pinRule: { kind: 'account', by: 'account_id', part: 'integration_id' },
  title: 'Get integration',
  summary: 'Get one integration. For its health use status_get.',
  params: integration,
  secrets: secretsWithin('result', integrationSecrets),
});

export const integrationsUpdate = defineOperation({
  id: 'integrations_update',
  group: 'integrations',
  method: 'PUT',
  path: '/v1/integrations/{account_id}/{integration_id}',
  effect: 'change',
  pinRule: { kind: 'account', by: 'account_id', part: 'integration_id' },
  title: 'Update integration',
  summary: 'Change the given fields of an integration; null clears. provider_config is replaced whole.',
  params: integration,
  body: {
    name,
    fullname,
    provider_config: providerConfig.optional(),
    integration_point_id: clearable(text),
    bridge_selector: clearable(bridgeSelector),
    webhook_config: clearable(referringFields.webhook_config),
    mappings: clearable(referringFields.mappings),
    additional_mappings: clearable(referringFields.additional_mappings),
    scheduled_operations: clearable(referringFields.scheduled_operations),
  },
  secrets: secretsWithin('result', integrationSecrets),
});

export const integrationsPatch = defineOperation({
  id: 'integrations_patch',
  group: 'integrations',
  method: 'PATCH',
  path: '/v1/integrations/{account_id}/{integration_id}',
  effect: 'change',
  pinRule: { kind: 'account', by: 'account_id', part: 'integration_id' },
  title: 'Patch integration',
  summary: 'Change an integration by JSON Patch, such as /provider_config/url.',
  params: integration,
  body: { patch: secretPatch },
  secrets: secretsWithin('result', integrationSecrets),
});

export const integrationsDelete = defineOperation({
  id: 'integrations_delete',
  group: 'integrations',
  method: 'DELETE',
  path: '/v1/integrations/{account_id}/{integration_id}',
  effect: 'destroy',
  pinRule: { kind: 'account', by: 'account_id', part: 'integration_id' },
  title: 'Delete integration',
  summary: 'Delete an integration with all tokens issued for it. Final.',
  params: integration,
});

export const integrationsVerify = defineOperation({
  id: 'integrations_verify',
  group: 'integrations',
  method: 'POST',
  path: '/v1/integrations/{account_id}/verify',
  effect: 'create',
  pinRule: { kind: 'account', by: 'account_id' },
  idempotent: true,
  title: 'Verify integration',
  summary:
    'Test a configuration against the provider without storing it. Same fields as integrations_create. No messages in the result means it works.',
  params: { account_id: accountId },
  body: {
    ...newIntegration,
    webhook_config: referringFields.webhook_config.optional(),
    mappings: referringFields.mappings.optional(),
    additional_mappings: referringFields.additional_mappings.optional(),
    scheduled_operations: referringFields.scheduled_operations.optional(),
  },
  bodyIn: 'integration',
  secrets: messageSecrets,
});
