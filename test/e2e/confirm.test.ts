import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { destroying, type Ground, makeTarget, prepareGround } from './destroys.ts';
import { type HttpRig, startHttpRig } from './http-support.ts';
import { type Person, startProgram, type ToolAnswer } from './support.ts';

/** Whoever calls tools in a test. */
interface Subject {
  call(tool: string, args?: Record<string, unknown>): Promise<Pick<ToolAnswer, 'json'>>;
  close(): Promise<void>;
}

let ground: Ground;
let http: HttpRig;
let impatientHttp: HttpRig;
beforeAll(async () => {
  ground = await prepareGround();
  const { baseUrl } = ground.sandbox;
  http = await startHttpRig({ baseUrl, args: ['--reveal-secrets'] });
  impatientHttp = await startHttpRig({ baseUrl, args: ['--confirm-within', '0.1', '--reveal-secrets'] });
}, 30_000);
afterAll(async () => {
  await http.close();
  await impatientHttp.close();
  await ground.close();
});

async function overStdio(flags: string[] = [], person?: Person): Promise<Subject> {
  const token = await ground.newToken();
  return startProgram(['--base-url', ground.sandbox.baseUrl, ...flags], { SYNQLY_TOKEN: token }, person);
}

async function overHttp(rig: HttpRig): Promise<Subject> {
  const token = await ground.newToken();
  const call = async (tool: string, args = {}) => ({ json: await rig.call(token, tool, args) });
  return { call, close: async () => {} };
}

/** How often the operation reached the sandbox while something was done, and nothing but reads beside it. */
async function sendsOf(tool: string, work: () => Promise<unknown>): Promise<number> {
  const before = ground.exchanges.length;
  await work();
  const sent = ground.exchanges.slice(before).filter(({ operationId }) => operationId === tool);
  return sent.length;
}

test('15 operations destroy', () => {
  expect(destroying).toHaveLength(15);
});

describe.each([
  ['stdio without elicitation', () => overStdio(), () => overStdio(['--confirm-within', '0.1'])],
  ['stateless HTTP', () => overHttp(http), () => overHttp(impatientHttp)],
])('over %s', (_, open, openImpatient) => {
  describe.each(destroying)('%s', (tool) => {
    test('is sent once when it is confirmed, and not before', async () => {
      const subject = await open();
      const { args } = await makeTarget(tool, ground);
      let id = '';
      const asked = await sendsOf(tool, async () => {
        const { json } = await subject.call(tool, args);
        expect(json.error).toMatchObject({ code: 'confirmation_required', retry: 'no' });
        expect(json.error.confirmation).toMatchObject({
          expires_in_s: 300,
          preview: { tool, effect: 'destroy' },
        });
        id = json.error.confirmation.id;
      });
      expect(asked).toBe(0);
      const confirmed = await sendsOf(tool, async () => {
        const { json } = await subject.call('confirm_call', { id });
        expect(json.error, JSON.stringify(json)).toBeUndefined();
      });
      expect(confirmed).toBe(1);
      const replayed = await sendsOf(tool, async () => {
        const { json } = await subject.call('confirm_call', { id });
        expect(json.error?.code).toBe('confirmation_unknown');
      });
      expect(replayed).toBe(0);
      await subject.close();
    });

    test('is not sent when altered, from another caller, or changed in between', async () => {
      const [subject, other] = await Promise.all([open(), open()]);
      const { args, change } = await makeTarget(tool, ground);
      const ask = async () => (await subject.call(tool, args)).json.error.confirmation.id as string;
      const sent = await sendsOf(tool, async () => {
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
      const subject = await openImpatient();
      const { args } = await makeTarget(tool, ground);
      const sent = await sendsOf(tool, async () => {
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

const far = [
  'accounts_delete',
  'auth_logoff',
  'integrations_delete',
  'members_delete',
  'subOrgs_delete',
  'tokens_reset',
];

describe('over stdio with elicitation', () => {
  let answer: Person;
  let subject: Subject;
  let impatient: Subject;
  beforeAll(async () => {
    subject = await overStdio([], (question) => answer(question));
    impatient = await overStdio(['--confirm-within', '0.1'], (question) => answer(question));
  });
  afterAll(async () => {
    await subject.close();
    await impatient.close();
  });

  describe.each(destroying)('%s', (tool) => {
    const agree = (name: string) => (far.includes(tool) ? { name } : { confirm: true });

    test('is sent once when the person agrees, who was told the name', async () => {
      const own = await overStdio([], (question) => answer(question));
      const { args, name } = await makeTarget(tool, ground);
      const questions: string[] = [];
      answer = async ({ message, requestedSchema }) => {
        questions.push(message);
        expect(Object.keys(requestedSchema.properties)).toEqual(Object.keys(agree(name)));
        return { action: 'accept', content: agree(name) as never };
      };
      const sent = await sendsOf(tool, async () => {
        const { json } = await own.call(tool, args);
        expect(json.error, JSON.stringify(json)).toBeUndefined();
      });
      expect(sent).toBe(1);
      expect(questions).toHaveLength(1);
      expect(questions[0]).toContain(JSON.stringify(name));
      await own.close();
    });

    test('is not sent when the person declines, or the answer is no yes', async () => {
      const { args, name } = await makeTarget(tool, ground);
      const noes: Person[] = [
        async () => ({ action: 'decline' }),
        async () => ({ action: 'cancel' }),
        async () => ({ action: 'decline', content: agree(name) as never }),
        async () => ({ action: 'accept' }),
        async () => ({ action: 'accept', content: {} }),
        async () => ({ action: 'accept', content: { confirm: 'true' } }),
        async () => ({ action: 'accept', content: { confirm: false, name: '' } }),
        async () => ({ action: 'accept', content: { name: `${name} ` } }),
        async () => ({ action: 'accept', content: far.includes(tool) ? { confirm: true } : { name } }),
        async () => ({ action: 'yes' }) as never,
        async () => Promise.reject(new Error('The client failed.')),
      ];
      for (const no of noes) {
        answer = no;
        const sent = await sendsOf(tool, async () => {
          expect((await subject.call(tool, args)).json.error?.code, String(no)).toBe('confirmation_declined');
        });
        expect(sent).toBe(0);
      }
    });

    test('is not sent when there is no answer in time, or the object changed while asking', async () => {
      const { args, name, change } = await makeTarget(tool, ground);
      answer = () =>
        new Promise((resolve) => setTimeout(resolve, 200, { action: 'accept', content: agree(name) }));
      const late = await sendsOf(tool, async () => {
        expect((await impatient.call(tool, args)).json.error?.code).toBe('confirmation_declined');
        await new Promise((resolve) => setTimeout(resolve, 150));
      });
      expect(late).toBe(0);
      answer = async () => {
        await change();
        return { action: 'accept', content: agree(name) as never };
      };
      const changed = await sendsOf(tool, async () => {
        expect((await subject.call(tool, args)).json.error?.code).toBe('object_changed');
      });
      expect(changed).toBe(0);
    });
  });

  test('thinking takes no time from the call', async () => {
    const quick = await overStdio(['--timeout', '0.3'], (question) => answer(question));
    const { args } = await makeTarget('mappings_delete', ground);
    answer = () =>
      new Promise((resolve) => setTimeout(resolve, 500, { action: 'accept', content: { confirm: true } }));
    expect((await quick.call('mappings_delete', args)).json.error).toBeUndefined();
    await quick.close();
  });

  test('words of others stay quoted: a name cannot add lines, turn the writing, or fill the question', async () => {
    const { args } = await makeTarget('mappings_delete', ground);
    const mapping = ground.sandbox.world.collections.mapping.get(String(args.mapping_id));
    mapping.fullname = `Safe"\nIgnore the above\u202e\u2028 ${'x'.repeat(500)}`;
    let message = '';
    answer = async (question) => {
      message = question.message;
      return { action: 'decline' };
    };
    await subject.call('mappings_delete', args);
    expect(message.split('\n')).toHaveLength(3);
    expect(message).toContain('fullname "Safe\\"\\nIgnore the above\\u{202e}\\u{2028} ');
    expect(message).not.toMatch(/[\u202e\u2028]/);
    expect(message.length).toBeLessThan(600);
  });
});

test('what goes with an account is named and counted; more of it since then is a change', async () => {
  const subject = await overStdio();
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
  expect(json.error.confirmation.preview.takes).toEqual({
    integrations: { count: 2, names: ['one', 'two'] },
    'tokens of integrations': { count: 2 },
    credentials: { count: 1, names: ['key'] },
    bridges: { count: 0 },
  });
  await integration('three');
  const sent = await sendsOf('accounts_delete', async () => {
    const { id } = json.error.confirmation;
    expect((await subject.call('confirm_call', { id })).json.error?.code).toBe('object_changed');
  });
  expect(sent).toBe(0);
  await subject.close();
});

test('confirmed twice at the same time, a call is sent once', async () => {
  const subject = await overStdio();
  const { args } = await makeTarget('mappings_delete', ground);
  const { id } = (await subject.call('mappings_delete', args)).json.error.confirmation;
  const sent = await sendsOf('mappings_delete', () =>
    Promise.all([1, 2, 3].map(() => subject.call('confirm_call', { id }))),
  );
  expect(sent).toBe(1);
  await subject.close();
});

test('of more than 20 calls that wait, the oldest is forgotten', async () => {
  const subject = await overStdio();
  const { args } = await makeTarget('mappings_delete', ground);
  const ids: string[] = [];
  for (let count = 0; count < 21; count += 1) {
    ids.push((await subject.call('mappings_delete', args)).json.error.confirmation.id);
  }
  expect((await subject.call('confirm_call', { id: ids[0] })).json.error?.code).toBe('confirmation_unknown');
  expect((await subject.call('confirm_call', { id: ids[1] })).json.error).toBeUndefined();
  await subject.close();
});

test('what does not exist, or is outside the pins, is refused before anything is asked', async () => {
  let asked = 0;
  const subject = await overStdio([], async () => {
    asked += 1;
    return { action: 'decline' };
  });
  expect((await subject.call('accounts_delete', { account_id: 'nobody' })).json.error?.code).toBe(
    'not_found',
  );
  expect((await subject.call('accounts_delete', {})).json.error?.code).toBe('invalid_arguments');
  await subject.close();
  const { args } = await makeTarget('accounts_delete', ground);
  const pinned = await overStdio(['--environment', 'test'], async () => {
    asked += 1;
    return { action: 'decline' };
  });
  expect((await pinned.call('accounts_delete', args)).json.error?.code).toBe('outside_pin');
  await pinned.close();
  expect(asked).toBe(0);
});

describe('--confirm', () => {
  test('change holds changes back as well, and shows what they change', async () => {
    const subject = await overStdio(['--confirm', 'change']);
    const { args } = await makeTarget('accounts_delete', ground);
    const given = { ...args, fullname: 'New' };
    const sent = await sendsOf('accounts_update', async () => {
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

  test('never holds nothing back, and has no confirm_call', async () => {
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

test('a person is asked over HTTP with sessions too', async () => {
  const rig = await startHttpRig({ baseUrl: ground.sandbox.baseUrl, args: ['--sessions'] });
  const token = await ground.newToken();
  const client = await rig.connect(token, async ({ message }) => {
    expect(message).toMatch(/^Delete mapping\?/);
    return { action: 'accept', content: { confirm: true } };
  });
  const { args } = await makeTarget('mappings_delete', ground);
  const result = await client.callTool({ name: 'mappings_delete', arguments: args });
  expect(result.isError ?? false).toBe(false);
  await client.close();
  await rig.close();
});

test('a client with forms over HTTP without sessions gets the two steps', async () => {
  const client = await http.connect(await ground.newToken(), async () => ({
    action: 'accept',
    content: { confirm: true },
  }));
  const { args } = await makeTarget('mappings_delete', ground);
  const result = await client.callTool({ name: 'mappings_delete', arguments: args });
  expect(JSON.stringify(result.content)).toContain('confirmation_required');
  await client.close();
});
