import { defineOperation } from '../define-operation.ts';
import {
  accountId,
  byName,
  clearable,
  environment,
  filter,
  fullname,
  labels,
  limit,
  name,
  newName,
  order,
  patch,
  startAfter,
  total,
} from '../schemas/fields.ts';

export const accountsList = defineOperation({
  id: 'accounts_list',
  group: 'accounts',
  method: 'GET',
  path: '/v1/accounts',
  effect: 'read',
  pinRule: {
    kind: 'rows',
    account: 'id',
    onAccount: { filter: 'name[eq]' },
    onEnvironment: { filter: 'environment[eq]' },
  },
  title: 'List accounts',
  listing: { columns: ['name', 'fullname', 'environment', 'labels'], cursor: byName },
  summary: 'List accounts: isolated containers, usually one per customer or tenant.',
  query: { limit, start_after: startAfter, order, filter, total },
});

export const accountsCreate = defineOperation({
  id: 'accounts_create',
  group: 'accounts',
  method: 'POST',
  path: '/v1/accounts',
  effect: 'create',
  pinRule: { kind: 'new_account', fixes: 'environment' },
  title: 'Create account',
  summary: 'Create an account for a customer or tenant. environment defaults to prod.',
  body: { name: newName, fullname, environment: environment.optional(), labels: labels.optional() },
});

export const accountsGet = defineOperation({
  id: 'accounts_get',
  group: 'accounts',
  method: 'GET',
  path: '/v1/accounts/{account_id}',
  effect: 'read',
  pinRule: { kind: 'account', by: 'account_id' },
  title: 'Get account',
  summary: 'Get one account.',
  params: { account_id: accountId },
});

export const accountsUpdate = defineOperation({
  id: 'accounts_update',
  group: 'accounts',
  method: 'PUT',
  path: '/v1/accounts/{account_id}',
  effect: 'change',
  pinRule: { kind: 'account', by: 'account_id', fixes: 'environment' },
  title: 'Update account',
  summary: 'Change the given fields of an account; null clears.',
  params: { account_id: accountId },
  body: { name, fullname, environment: environment.optional(), labels: clearable(labels) },
});

export const accountsPatch = defineOperation({
  id: 'accounts_patch',
  group: 'accounts',
  method: 'PATCH',
  path: '/v1/accounts/{account_id}',
  effect: 'change',
  pinRule: { kind: 'account', by: 'account_id', fixes: 'environment' },
  title: 'Patch account',
  summary: 'Change an account by JSON Patch.',
  params: { account_id: accountId },
  body: { patch },
});

export const accountsDelete = defineOperation({
  id: 'accounts_delete',
  group: 'accounts',
  method: 'DELETE',
  path: '/v1/accounts/{account_id}',
  effect: 'destroy',
  pinRule: { kind: 'account', by: 'account_id' },
  title: 'Delete account',
  summary: 'Delete an account with all its tokens and credentials. Final.',
  params: { account_id: accountId },
});
