import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  destroying,
  type Ground,
  makeTarget,
  prepareGround,
  SharedSubject,
  type Subject,
} from '../e2e/destroys.ts';
import { startHttpRig } from '../e2e/http-support.ts';
import type { Person } from '../e2e/support.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await prepareGround();
}, 30_000);
afterAll(() => ground.close());

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
  const owner = new SharedSubject(() => ground.open([], (question) => answer(question)));
  beforeAll(async () => {
    subject = await ground.open([], (question) => answer(question));
    impatient = await ground.open(['--confirm-within', '0.1'], (question) => answer(question));
  });
  afterAll(async () => {
    await subject.close();
    await impatient.close();
    await owner.close();
  });

  describe.each(destroying)('%s', (tool) => {
    const agree = (name: string) => (far.includes(tool) ? { name } : { confirm: true });

    test('is sent once when the person agrees, and the question has the name', async () => {
      const own = await owner.for(tool);
      const { args, name } = await makeTarget(tool, ground);
      const questions: string[] = [];
      answer = async ({ message, requestedSchema }) => {
        questions.push(message);
        expect(Object.keys(requestedSchema.properties)).toEqual(Object.keys(agree(name)));
        // The type of contents takes no union of objects.
        return { action: 'accept', content: agree(name) as never };
      };
      const sent = await ground.sendsOf(tool, async () => {
        const { json } = await own.call(tool, args);
        expect(json.error, JSON.stringify(json)).toBeUndefined();
      });
      expect(sent).toBe(1);
      expect(questions).toHaveLength(1);
      expect(questions[0]).toContain(JSON.stringify(name));
      await own.close();
    });

    test('is not sent when the person declines or gives another answer than yes', async () => {
      const { args, name } = await makeTarget(tool, ground);
      const noes: Person[] = [
        async () => ({ action: 'decline' }),
        async () => ({ action: 'cancel' }),
        // The type of contents takes no union of objects.
        async () => ({ action: 'decline', content: agree(name) as never }),
        async () => ({ action: 'accept' }),
        async () => ({ action: 'accept', content: {} }),
        async () => ({ action: 'accept', content: { confirm: 'true' } }),
        async () => ({ action: 'accept', content: { confirm: false, name: '' } }),
        async () => ({ action: 'accept', content: { name: `${name}x` } }),
        async () => ({ action: 'accept', content: far.includes(tool) ? { confirm: true } : { name } }),
        // No action of the specification.
        async () => ({ action: 'yes' }) as never,
        async () => Promise.reject(new Error('The client failed.')),
      ];
      for (const no of noes) {
        answer = no;
        const sent = await ground.sendsOf(tool, async () => {
          expect((await subject.call(tool, args)).json.error?.code, String(no)).toBe('confirmation_declined');
        });
        expect(sent).toBe(0);
      }
    });

    test('is not sent when there is no answer in time, or the object changed while asking', async () => {
      const { args, name, change } = await makeTarget(tool, ground);
      answer = () =>
        new Promise((resolve) => setTimeout(resolve, 200, { action: 'accept', content: agree(name) }));
      const late = await ground.sendsOf(tool, async () => {
        expect((await impatient.call(tool, args)).json.error?.code).toBe('confirmation_declined');
        await new Promise((resolve) => setTimeout(resolve, 150));
      });
      expect(late).toBe(0);
      answer = async () => {
        await change();
        // The type of contents takes no union of objects.
        return { action: 'accept', content: agree(name) as never };
      };
      const changed = await ground.sendsOf(tool, async () => {
        expect((await subject.call(tool, args)).json.error?.code).toBe('object_changed');
      });
      expect(changed).toBe(0);
    });
  });

  test("the time that the person takes does not count towards the call's time limit", async () => {
    const quick = await ground.open(['--timeout', '0.3'], (question) => answer(question));
    const { args } = await makeTarget('mappings_delete', ground);
    answer = () =>
      new Promise((resolve) => setTimeout(resolve, 500, { action: 'accept', content: { confirm: true } }));
    expect((await quick.call('mappings_delete', args)).json.error).toBeUndefined();
    await quick.close();
  });

  test('names are quoted in the question: they cannot add lines, reverse the text or flood it', async () => {
    const { args } = await makeTarget('mappings_delete', ground);
    const mapping = ground.sandbox.state.collections.mapping.get(String(args.mapping_id));
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

test('what does not exist, or is outside the pins, is refused before anything is asked', async () => {
  let asked = 0;
  const subject = await ground.open([], async () => {
    asked += 1;
    return { action: 'decline' };
  });
  expect((await subject.call('accounts_delete', { account_id: 'nobody' })).json.error?.code).toBe(
    'not_found',
  );
  expect((await subject.call('accounts_delete', {})).json.error?.code).toBe('invalid_arguments');
  await subject.close();
  const { args } = await makeTarget('accounts_delete', ground);
  const pinned = await ground.open(['--environment', 'test'], async () => {
    asked += 1;
    return { action: 'decline' };
  });
  expect((await pinned.call('accounts_delete', args)).json.error?.code).toBe('outside_pin');
  await pinned.close();
  expect(asked).toBe(0);
});

test('a person is asked over HTTP with sessions as well', async () => {
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

test('a client with forms gets preview and confirmation over HTTP without sessions', async () => {
  const http = await startHttpRig({ baseUrl: ground.sandbox.baseUrl });
  const client = await http.connect(await ground.newToken(), async () => ({
    action: 'accept',
    content: { confirm: true },
  }));
  const { args } = await makeTarget('mappings_delete', ground);
  const result = await client.callTool({ name: 'mappings_delete', arguments: args });
  expect(JSON.stringify(result.content)).toContain('confirmation_required');
  await client.close();
  await http.close();
});

test('a call that the client cancels while its person is asked is not sent', async () => {
  const cancelling = new AbortController();
  const subject = await ground.open([], async () => {
    cancelling.abort();
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { action: 'accept', content: { confirm: true } };
  });
  const { args } = await makeTarget('mappings_delete', ground);
  const sent = await ground.sendsOf('mappings_delete', async () => {
    const calling = subject.client.callTool({ name: 'mappings_delete', arguments: args }, undefined, {
      signal: cancelling.signal,
    });
    await expect(calling).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 200));
  });
  expect(sent).toBe(0);
  await subject.close();
  expect(subject.stderr()).toMatch(/"type":"audit".*"operation":"mappings_delete".*"outcome":"cancelled"/);
});
