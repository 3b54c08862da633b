import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { catalogue } from '../../src/tools/catalogue.ts';
import { changing, makeChange } from '../e2e/changes.ts';
import { makeTarget } from '../e2e/destroys.ts';
import {
  type Failure,
  failures,
  type LookingGround,
  objectPath,
  prepareLooking,
} from '../e2e/looking-support.ts';
import type { Program } from '../e2e/support.ts';

let looking: LookingGround;
let subject: Program;
beforeAll(async () => {
  looking = await prepareLooking();
  subject = await looking.open(['--timeout', '12', '--confirm', 'never']);
}, 30_000);
afterEach(() => looking.heal());
afterAll(async () => {
  await subject.close();
  await looking.close();
});

const deleting = catalogue.filter(({ method }) => method === 'DELETE').map(({ id }) => id);
const patch = [{ op: 'add', path: '/fullname', value: 'Patched' }];
const patching = changing.filter((tool) => tool.endsWith('_patch'));

describe.each(Object.keys(failures) as Failure[])(
  'the read for undo and deleted fails with %s',
  (failure) => {
    test('every patch and delete is still sent, without an undo', async () => {
      const { ground } = looking;
      const calls = [
        ...(await Promise.all(
          deleting.map(async (tool) => ({ tool, args: (await makeTarget(tool, ground)).args })),
        )),
        ...(await Promise.all(
          patching.map(async (tool) => ({
            tool,
            args: { ...(await makeChange(tool, ground)).naming, patch },
          })),
        )),
      ];
      looking.fail(() => failures[failure]);
      await Promise.all(
        calls.map(async ({ tool, args }) => {
          const { json } = await subject.call(tool, args);
          expect(json.error, `${tool}: ${JSON.stringify(json)}`).toBeUndefined();
          expect(json, tool).not.toHaveProperty('deleted');
          expect(json, tool).not.toHaveProperty('undo');
        }),
      );
    });
  },
);

test('the read leaves enough time for the call itself', async () => {
  const hurried = await looking.open(['--timeout', '1', '--confirm', 'never']);
  const { args } = await makeTarget('mappings_delete', looking.ground);
  looking.fail(() => 'hang');
  expect((await hurried.call('mappings_delete', args)).json.error).toBeUndefined();
  await hurried.close();
});

describe('reads that a call depends on', () => {
  test('an update is not sent when the object read is invalid', async () => {
    const { args } = await makeTarget('accounts_delete', looking.ground);
    for (const failure of ['an object without fields', 'a null', 'a text for an object', '500'] as const) {
      looking.fail(() => failures[failure]);
      const sent = await looking.ground.sendsOf('accounts_update', async () => {
        const { json } = await subject.call('accounts_update', { ...args, fullname: 'New' });
        expect(json.error, failure).toMatchObject({ retry: 'safe' });
      });
      expect(sent, failure).toBe(0);
    }
  });

  test('a slow check of pins has more time than a read for a hint', async () => {
    const { args } = await makeTarget('integrations_delete', looking.ground);
    const pinned = await looking.open(['--account', String(args.account_id)]);
    const { integration_id } = args;
    const proof = objectPath('accounts_delete', args);
    looking.fail(async (request) => {
      if (request.path === proof) await new Promise((resolve) => setTimeout(resolve, 2_200));
      return undefined;
    });
    const { json } = await pinned.call('integrations_delete', { integration_id });
    expect(json.error.code, JSON.stringify(json)).toBe('confirmation_required');
    expect(json.error.confirmation.preview.object).toMatchObject({ name: integration_id });
    await pinned.close();
  });

  test('a check of pins that never ends fails the call as safe to retry', async () => {
    const { args } = await makeTarget('integrations_delete', looking.ground);
    const pinned = await looking.open([
      '--account',
      String(args.account_id),
      '--timeout',
      '1',
      '--confirm',
      'never',
    ]);
    looking.fail(() => 'hang');
    const { integration_id } = args;
    const sent = await looking.ground.sendsOf('integrations_delete', async () => {
      const { json } = await pinned.call('integrations_delete', { integration_id });
      expect(json.error).toMatchObject({ code: 'timeout', retry: 'safe' });
    });
    expect(sent).toBe(0);
    await pinned.close();
  });
});

describe('hints', () => {
  test('an empty list is a success while the hint hangs, however short the time limit', async () => {
    const hurried = await looking.open(['--timeout', '1']);
    let asked = 0;
    looking.fail(({ path }) => {
      if (path !== '/v1/roles') return undefined;
      asked += 1;
      return asked > 1 ? 'hang' : undefined;
    });
    const { json } = await hurried.call('roles_list', { filter: ['name[eq]nobody'] });
    expect(json).toMatchObject({ result: [], note: 'There are no roles that match name[eq]nobody.' });
    expect(asked).toBe(2);
    await hurried.close();
  });

  test('an object that cannot be looked up is not reported as missing', async () => {
    const account = (await makeTarget('accounts_delete', looking.ground)).args.account_id;
    const silent = failures['404'];
    looking.fail(({ path }) =>
      /^\/v1\/status\//.test(path) ? silent : path.startsWith('/v1/integrations/') ? 'hang' : undefined,
    );
    const { json } = await subject.call('status_get', { account_id: account, integration_id: 'jira' });
    expect(json.error).toMatchObject({ code: 'not_found', status: 404 });
    expect(json.error.message).not.toContain('integration_id');
  });
});
