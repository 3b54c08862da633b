import { defineOperation } from '../define-operation.ts';
import {
  accountId,
  bridgeId,
  byName,
  clearable,
  filter,
  fullname,
  limit,
  name,
  newName,
  order,
  patch,
  startAfter,
  text,
  texts,
} from '../schemas/fields.ts';

const bridge = { account_id: accountId, bridge_id: bridgeId };
const description = text.describe('What it connects, when to use it');
const labels = texts.describe('Integrations can pick bridges by label');

export const bridgesList = defineOperation({
  id: 'bridges_list',
  group: 'bridges',
  method: 'GET',
  path: '/v1/bridges/{account_id}',
  effect: 'read',
  pinRule: { kind: 'account', by: 'account_id' },
  title: 'List bridges',
  listing: { columns: ['name', 'fullname', 'description', 'labels'], cursor: byName },
  summary: 'List the bridge groups of an account: agents that connect a private network to Synqly.',
  params: { account_id: accountId },
  query: { limit, start_after: startAfter, order, filter },
});

export const bridgesCreate = defineOperation({
  id: 'bridges_create',
  group: 'bridges',
  method: 'POST',
  path: '/v1/bridges/{account_id}',
  effect: 'create',
  pinRule: { kind: 'account', by: 'account_id' },
  title: 'Create bridge',
  summary:
    "Create a bridge group. result.credential, shown once, goes into the agent's <bridge id>.creds file.",
  params: { account_id: accountId },
  body: { name: newName, fullname, description: description.optional(), labels: labels.optional() },
  returnsSecret: true,
  secrets: ['result.credential'],
});

export const bridgesGet = defineOperation({
  id: 'bridges_get',
  group: 'bridges',
  method: 'GET',
  path: '/v1/bridges/{account_id}/{bridge_id}',
  effect: 'read',
  pinRule: { kind: 'account', by: 'account_id', part: 'bridge_id' },
  title: 'Get bridge',
  summary: 'Get one bridge group.',
  params: bridge,
});

export const bridgesUpdate = defineOperation({
  id: 'bridges_update',
  group: 'bridges',
  method: 'PUT',
  path: '/v1/bridges/{account_id}/{bridge_id}',
  effect: 'change',
  pinRule: { kind: 'account', by: 'account_id', part: 'bridge_id' },
  title: 'Update bridge',
  summary: 'Change the given fields of a bridge group; null clears.',
  params: bridge,
  body: { name, fullname, description: clearable(text), labels: clearable(texts) },
});

export const bridgesPatch = defineOperation({
  id: 'bridges_patch',
  group: 'bridges',
  method: 'PATCH',
  path: '/v1/bridges/{account_id}/{bridge_id}',
  effect: 'change',
  pinRule: { kind: 'account', by: 'account_id', part: 'bridge_id' },
  title: 'Patch bridge',
  summary: 'Change a bridge group by JSON Patch.',
  params: bridge,
  body: { patch },
});

export const bridgesDelete = defineOperation({
  id: 'bridges_delete',
  group: 'bridges',
  method: 'DELETE',
  path: '/v1/bridges/{account_id}/{bridge_id}',
  effect: 'destroy',
  pinRule: { kind: 'account', by: 'account_id', part: 'bridge_id' },
  title: 'Delete bridge',
  summary: 'Delete a bridge group with its tokens and credentials; its agents lose their connection. Final.',
  params: bridge,
});

export const bridgesGetStatus = defineOperation({
  id: 'bridges_get_status',
  group: 'bridges',
  method: 'GET',
  path: '/v1/bridges/{account_id}/{bridge_id}/status',
  effect: 'read',
  pinRule: { kind: 'account', by: 'account_id', part: 'bridge_id' },
  title: 'Get bridge status',
  summary: 'Get version, settings and traffic of the running agents. An empty list means none is connected.',
  params: bridge,
  secrets: ['result[].local_config.vault'],
});
