import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  destroying,
  type Ground,
  makeTarget,
  prepareGround,
  SharedSubject,
  type Subject,
} from './destroys.ts';
import { type HttpRig, startHttpRig } from './http-support.ts';
import { startProgram } from './support.ts';
import { type TestSurface, testSurfaces } from './surfaces.ts';

let ground: Ground;
let http: HttpRig;
let impatientHttp: HttpRig;
let compactHttp: HttpRig;
let impatientCompactHttp: HttpRig;
beforeAll(async () => {
  ground = await prepareGround();
  const { baseUrl } = ground.sandbox;
  const open = (...args: string[]) => startHttpRig({ baseUrl, args: ['--reveal-secrets', ...args] });
  const impatient = ['--confirm-within', '0.1'];
  const { flags } = testSurfaces.compact;
  [http, impatientHttp, compactHttp, impatientCompactHttp] = await Promise.all([
    open(),
    open(...impatient),
    open(...flags),
    open(...impatient, ...flags),
  ]);
}, 30_000);
afterAll(async () => {
  await Promise.all([http, impatientHttp, compactHttp, impatientCompactHttp].map((rig) => rig.close()));
  await ground.close();
});

async function overHttp(rig: HttpRig, surface: TestSurface = testSurfaces.full): Promise<Subject> {
  const token = await ground.newToken();
  const call = async (tool: string, args = {}) => ({
    json: await rig.call(token, ...surface.toolCall(tool, args)),
  });
  return { call, close: async () => {} };
}

test('15 operations destroy', () => {
  expect(destroying).toHaveLength(15);
});

describe.each([
  ['stdio without elicitation', () => ground.open(), () => ground.open(['--confirm-within', '0.1'])],
  ['stateless HTTP', () => overHttp(http), () => overHttp(impatientHttp)],
  [
    'stateless HTTP, on the compact surface,',
    () => overHttp(compactHttp, testSurfaces.compact),
    () => overHttp(impatientCompactHttp, testSurfaces.compact),
  ],
])('over %s', (_, open, openImpatient) => {
  const callers = [open, open, openImpatient].map((one) => new SharedSubject(one));
  const [first, second, impatient] = callers as [SharedSubject, SharedSubject, SharedSubject];
  afterAll(async () => {
    await Promise.all(callers.map((caller) => caller.close()));
  });

  describe.each(destroying)('%s', (tool) => {
    test('is sent once when it is confirmed, and not before', async () => {
      const subject = await first.for(tool);
      const { args } = await makeTarget(tool, ground);
      let id = '';
      const asked = await ground.sendsOf(tool, async () => {
        const { json } = await subject.call(tool, args);
        expect(json.error).toMatchObject({ code: 'confirmation_required', retry: 'no' });
        expect(json.error.confirmation).toMatchObject({
          expires_in_s: 300,
          preview: { tool, effect: 'destroy' },
        });
        id = json.error.confirmation.id;
      });
      expect(asked).toBe(0);
      const confirmed = await ground.sendsOf(tool, async () => {
        const { json } = await subject.call('confirm_call', { id });
        expect(json.error, JSON.stringify(json)).toBeUndefined();
      });
      expect(confirmed).toBe(1);
      const replayed = await ground.sendsOf(tool, async () => {
        const { json } = await subject.call('confirm_call', { id });
        expect(json.error?.code).toBe('confirmation_unknown');
      });
      expect(replayed).toBe(0);
      await subject.close();
    });

    test('is not sent when altered, from another caller, or changed in between', async () => {
      const [subject, other] = await Promise.all([first.for(tool), second.for(tool)]);
      const { args, change } = await makeTarget(tool, ground);
      const ask = async () => (await subject.call(tool, args)).json.error.confirmation.id as string;
      const sent = await ground.sendsOf(tool, async () => {
        const id = await ask();
        const refused = async (by: Subject, given: Record<string, unknown>, code: string) => {
          const { json } = await by.call('confirm_call', given);
          expect(json.error?.code, JSON.stringify(given)).toBe(code);
        };
        await refused(subject, { id, arguments: { account_id: 'another' } }, 'invalid_arguments');
        await refused(subject, { id: `${id.slice(0, -1)}x` }, 'confirmation_unknown');
        await refused(subject, { id: ' ' }, 'confirmation_unknown');
        await refused(other, { id }, 'confirmation_unknown');
        await change();
        await refused(subject, { id }, 'object_changed');
        await refused(subject, { id }, 'confirmation_unknown');
      });
      expect(sent).toBe(0);
      await subject.close();
      await other.close();
    });

    test('is not sent when it is confirmed too late', async () => {
      const subject = await impatient.for(tool);
      const { args } = await makeTarget(tool, ground);
      const sent = await ground.sendsOf(tool, async () => {
        const { json } = await subject.call(tool, args);
        const { id } = json.error.confirmation;
        await new Promise((resolve) => setTimeout(resolve, 150));
        expect((await subject.call('confirm_call', { id })).json.error?.code).toBe('confirmation_unknown');
      });
      expect(sent).toBe(0);
      await subject.close();
    });
  });
});

test('what goes with an account is named and counted; more of it since then is a change', async () => {
  const subject = await ground.open();
  const { args } = await makeTarget('accounts_delete', ground);
  const integration = (name: string) =>
    ground.make('integrations_create', { ...args, name, provider_config: { type: 'siem_mock_siem' } });
  await integration('one');
  await integration('two');
  await ground.make('credentials_create', {
    owner_id: args.account_id,
    name: 'key',
    config: { type: 'token', secret: 'kept-from-view' },
  });
  const { json } = await subject.call('accounts_delete', args);
  expect(json.error.confirmation.preview.affects).toEqual({
    integrations: { count: 2, names: ['one', 'two'] },
    'tokens of integrations': { count: 2 },
    credentials: { count: 1, names: ['key'] },
    bridges: { count: 0 },
  });
  await integration('three');
  const sent = await ground.sendsOf('accounts_delete', async () => {
    const { id } = json.error.confirmation;
    expect((await subject.call('confirm_call', { id })).json.error?.code).toBe('object_changed');
  });
  expect(sent).toBe(0);
  await subject.close();
});

test('when reading the object fails once, nothing is sent and the call asks again', async () => {
  const subject = await ground.open();
  const { args } = await makeTarget('mappings_delete', ground);
  const failOnce = () => ground.sandbox.faults.add({ route: 'mappings_get', status: 500, times: 1 });
  const sent = await ground.sendsOf('mappings_delete', async () => {
    const { id } = (await subject.call('mappings_delete', args)).json.error.confirmation;
    failOnce();
    expect((await subject.call('confirm_call', { id })).json.error).toMatchObject({
      code: 'object_changed',
      message: expect.stringContaining('Could not be read: object'),
    });
    failOnce();
    const { confirmation } = (await subject.call('mappings_delete', args)).json.error;
    expect(confirmation.preview.object).toBe('could not be read (HTTP 500)');
    expect((await subject.call('confirm_call', { id: confirmation.id })).json.error?.code).toBe(
      'object_changed',
    );
  });
  expect(sent).toBe(0);
  await subject.close();
});

test('a call whose object the token may not read is confirmed by the arguments', async () => {
  const subject = await ground.open();
  const { args, name } = await makeTarget('mappings_delete', ground);
  ground.sandbox.faults.add({ route: 'mappings_get', status: 403 });
  const { json } = await subject.call('mappings_delete', args);
  const { id, preview } = json.error.confirmation;
  expect(preview).toEqual({
    tool: 'mappings_delete',
    effect: 'destroy',
    sends: { method: 'DELETE', path: `/v1/mappings/${name}` },
    object: 'may not be read',
  });
  expect((await subject.call('confirm_call', { id })).json.error).toBeUndefined();
  ground.sandbox.faults.clear();
  await subject.close();
});

test('a call that is confirmed twice at the same time is sent once', async () => {
  const subject = await ground.open();
  const { args } = await makeTarget('mappings_delete', ground);
  const { id } = (await subject.call('mappings_delete', args)).json.error.confirmation;
  const sent = await ground.sendsOf('mappings_delete', () =>
    Promise.all([1, 2, 3].map(() => subject.call('confirm_call', { id }))),
  );
  expect(sent).toBe(1);
  await subject.close();
});

test('the oldest of more than 20 waiting calls is forgotten', async () => {
  const subject = await ground.open();
  const { args } = await makeTarget('mappings_delete', ground);
  const ids: string[] = [];
  for (let count = 0; count < 21; count += 1) {
    ids.push((await subject.call('mappings_delete', args)).json.error.confirmation.id);
  }
  expect((await subject.call('confirm_call', { id: ids[0] })).json.error?.code).toBe('confirmation_unknown');
  expect((await subject.call('confirm_call', { id: ids[1] })).json.error).toBeUndefined();
  await subject.close();
});

describe('--confirm', () => {
  test('--confirm change asks for changes as well, and shows them', async () => {
    const subject = await ground.open(['--confirm', 'change']);
    const { args } = await makeTarget('accounts_delete', ground);
    const given = { ...args, fullname: 'New' };
    const sent = await ground.sendsOf('accounts_update', async () => {
      const { json } = await subject.call('accounts_update', given);
      expect(json.error).toMatchObject({ code: 'confirmation_required' });
      expect(json.error.confirmation.preview.changes).toEqual([
        { path: '/fullname', from: args.account_id, to: 'New' },
      ]);
      const { id } = json.error.confirmation;
      expect((await subject.call('confirm_call', { id })).json.result.fullname).toBe('New');
    });
    expect(sent).toBe(1);
    expect((await subject.call('accounts_create', {})).json.error).toBeUndefined();
    expect((await subject.call('accounts_delete', args)).json.error?.code).toBe('confirmation_required');
    await subject.close();
  });

  test('--confirm never asks for nothing, and has no confirm_call', async () => {
    const subject = await startProgram(['--base-url', ground.sandbox.baseUrl, '--confirm', 'never'], {
      SYNQLY_TOKEN: ground.sandbox.token,
    });
    const { args } = await makeTarget('mappings_delete', ground);
    expect((await subject.call('mappings_delete', args)).isError).toBe(false);
    const { tools } = await subject.client.listTools();
    expect(tools.map(({ name }) => name)).not.toContain('confirm_call');
    await subject.close();
  });
});
