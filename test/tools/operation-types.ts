import * as z from 'zod';
import { defineOperation } from '../../src/tools/define-operation.ts';

/*
 * Proof for the compiler, never run: the params of an operation are the placeholders of its path, no fewer
 * and no more. A line marked as an error that compiles fails the type check.
 */

const text = z.string();
const both = { account_id: text, bridge_id: text };

const get = {
  id: 'things_get',
  group: 'accounts',
  method: 'GET',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'Get thing',
  summary: 'Get one thing.',
} as const;

export const right = [
  defineOperation({ ...get, path: '/v1/things' }),
  defineOperation({ ...get, path: '/v1/things/{account_id}', params: { account_id: text } }),
  defineOperation({ ...get, path: '/v1/things/{account_id}/{bridge_id}', params: both }),
];

export const wrong = [
  // @ts-expect-error params are missing
  defineOperation({ ...get, path: '/v1/things/{account_id}' }),
  // @ts-expect-error one of two is missing
  defineOperation({ ...get, path: '/v1/things/{account_id}/{bridge_id}', params: { account_id: text } }),
  // @ts-expect-error one has another name
  defineOperation({ ...get, path: '/v1/things/{account_id}', params: { accountId: text } }),
  // @ts-expect-error one is surplus
  defineOperation({ ...get, path: '/v1/things/{account_id}', params: { account_id: text, bridge_id: text } }),
  // @ts-expect-error one is surplus, in a shared object
  defineOperation({ ...get, path: '/v1/things/{account_id}', params: both }),
  // @ts-expect-error the path takes none
  defineOperation({ ...get, path: '/v1/things', params: { account_id: text } }),
  // @ts-expect-error an account by a parameter that the path does not take
  defineOperation({ ...get, path: '/v1/things', pinRule: { kind: 'account', by: 'account_id' } }),
  defineOperation({
    ...get,
    path: '/v1/things/{account_id}',
    params: { account_id: text },
    // @ts-expect-error a part of the account that the path does not take
    pinRule: { kind: 'account', by: 'account_id', part: 'bridge_id' },
  }),
];
