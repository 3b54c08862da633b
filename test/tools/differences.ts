import type { Deviation } from './compare.ts';

/** A way in which a tool differs from the fact sheet on purpose. In `where`, `*` stands for any text. */
export interface Difference extends Deviation {
  readonly reason: string;
}

const growingProviders =
  'Providers are added often, and their ids cost more than all tools; capabilities_list_providers has them.';
const statedAtLeastOne = 'The fact sheet says so in its text only.';
const oneFormOfOrder = 'All lists take order in one form; a list of one is sent as the single value.';
const unreadableSecret =
  'The tool lays the given fields over the current object, whose secret cannot be read back.';

/** All of them; one that is not found fails the parity test as stale. */
export const differences: readonly Difference[] = [
  {
    where: 'capabilities_get_provider.provider_id',
    what: 'enum: none instead of 170 values',
    reason: growingProviders,
  },
  {
    where: 'integrations_*.provider_config.type',
    what: 'enum: none instead of 169 values',
    reason: growingProviders,
  },
  {
    where: 'integrationPoints_*.environments.*[]',
    what: 'enum: none instead of 170 values',
    reason: growingProviders,
  },
  {
    where: 'integrationPoints_*.providers[]',
    what: 'enum: none instead of 170 values',
    reason: growingProviders,
  },
  {
    where: 'tokens_create_mcp_token.scope<integration-usage>.restrict_to_connector_operations[]',
    what: 'enum: none instead of 132 values',
    reason: 'The list grows with every connector and would cost more than the rest of the tool.',
  },
  {
    where: 'integrationPoints_*.providers',
    what: 'minItems: 1 instead of none',
    reason: statedAtLeastOne,
  },
  {
    where: '*.additional_mappings[].actions',
    what: 'minItems: 1 instead of none',
    reason: statedAtLeastOne,
  },
  ...['audit_list.order', 'status_list_events.order'].flatMap((where) => [
    { where, what: 'type: array instead of string', reason: oneFormOfOrder },
    { where: `${where}[]`, what: 'surplus', reason: oneFormOfOrder },
  ]),
  {
    where: 'credentials_update.config',
    what: 'required: true instead of false',
    reason: unreadableSecret,
  },
  {
    where: 'credentials_update.config',
    what: 'null: false instead of true',
    reason: unreadableSecret,
  },
];
