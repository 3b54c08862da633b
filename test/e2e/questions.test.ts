import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ground, prepareGround, type Subject } from './destroys.ts';
import { type FakeAnswer, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { startProgram } from './support.ts';

type Arguments = Record<string, unknown>;

let ground: Ground;
let fake: FakeSynqly;
let subject: Subject;
let answers: (path: string) => FakeAnswer | undefined = () => undefined;
const asked: { message: string; wants: string[] }[] = [];
let content: Arguments = {};
beforeAll(async () => {
  ground = await prepareGround();
  fake = await startFakeSynqly(
    ({ method, path }) => (method === 'GET' ? answers(path) : undefined),
    ground.sandbox.baseUrl,
  );
  subject = await startProgram(
    ['--base-url', fake.url, '--confirm', 'change'],
    { SYNQLY_TOKEN: await ground.newToken(), SYNQLY_PERMISSIONS: 'ignore', SYNQLY_SECRET_NEXT: secret },
    async ({ message, requestedSchema }) => {
      asked.push({ message, wants: Object.keys(requestedSchema.properties) });
      // Contents of any shape are sent.
      return { action: 'accept', content: content as never };
    },
  );
}, 30_000);
afterAll(async () => {
  await subject.close();
  fake.close();
  await ground.close();
});

const secret = 'the-next-secret-1f7c';

/** The question that a call asks; the person answers with what is given, by default with nothing. */
async function questionOf(tool: string, args: Arguments, answer: Arguments = {}) {
  content = answer;
  const { json } = await subject.call(tool, args);
  const [question] = asked.splice(0);
  if (!question) throw new Error(`No question: ${JSON.stringify(json)}`);
  return { ...question, json };
}

const leftOut = 'This form is not complete: parts are left out.';

describe('the question shows what is sent when the difference is unknown', () => {
  test('a patch that sets a secret or does not apply is shown step by step', async () => {
    await ground.make('accounts_create', { name: 'keeper' });
    const ids = { owner_id: 'keeper', credential_id: 'kept' };
    const config = { type: 'token', secret: 'the-former-secret' };
    await ground.make('credentials_create', { owner_id: 'keeper', name: 'kept', config });
    const patch = [
      { op: 'replace', path: '/config/secret', value: secret },
      { op: 'replace', path: '/fullname', value: 'Renamed beside' },
    ];
    const { message, wants } = await questionOf('credentials_patch', { ...ids, patch });
    expect(message).toContain('Step: op "replace", path "/config/secret", value "[withheld]"');
    expect(message).toContain('Step: op "replace", path "/fullname", value "Renamed beside"');
    expect(message).not.toContain(secret);
    expect(message).not.toContain(leftOut);
    expect(wants).toEqual(['confirm']);
    const nothing = [{ op: 'test', path: '/name', value: 'kept' }];
    expect((await questionOf('credentials_patch', { ...ids, patch: nothing })).message).toContain(
      'Step: op "test", path "/name", value "kept"',
    );
  });

  test('a patch and an update of an object that could not be read', async () => {
    await ground.make('accounts_create', { name: 'hidden' });
    answers = (path) => (path === '/v1/accounts/hidden' ? { status: 500, json: {} } : undefined);
    const patch = [{ op: 'add', path: '/labels/-', value: 'quiet' }];
    const patched = await questionOf('accounts_patch', { account_id: 'hidden', patch });
    expect(patched.message).toContain('Step: op "add", path "/labels/-", value "quiet"');
    const updated = await questionOf('accounts_update', { account_id: 'hidden', fullname: 'Other' });
    expect(updated.message).toContain('Sets: fullname "Other"');
    answers = () => undefined;
  });

  test('an update that changes nothing says so', async () => {
    await ground.make('accounts_create', { name: 'same', fullname: 'Same' });
    const { message } = await questionOf('accounts_update', { account_id: 'same', fullname: 'Same' });
    expect(message).toContain('No field differs from what was read.');
  });
});

describe('the question shows the elements that a list gains and loses', () => {
  const roles = Array.from({ length: 12 }, (_, index) => `role-of-the-long-list-${index}`);
  beforeAll(async () => {
    for (const name of roles) await ground.make('roles_create', { name, permission_set: 'viewer' });
    await ground.make('members_create', {
      name: 'mia@example.com',
      secret: 'correct-horse-battery-9',
      role_binding: roles,
    });
  });

  test.each([
    ['update', (list: string[]) => ({ role_binding: list })],
    ['patch', (list: string[]) => ({ patch: [{ op: 'replace', path: '/role_binding', value: list }] })],
  ])('members_%s shows a role appended to twelve', async (verb, args) => {
    const { message, wants } = await questionOf(`members_${verb}`, {
      member_id: 'mia@example.com',
      ...args([...roles.slice(1), 'administrator']),
    });
    expect(message).toContain('Changes: path "/role_binding", gains "administrator"');
    expect(message).toContain('Changes: path "/role_binding", loses "role-of-the-long-list-0"');
    expect(message.match(/role-of-the-long-list/g)).toHaveLength(1);
    expect(wants).toEqual(['confirm']);
  });

  test('another order, and an element more of the same, are changes', async () => {
    await ground.make('accounts_create', { name: 'ordered', labels: ['a', 'b'] });
    const change = async (labels: string[]) => {
      answers = (path) =>
        path === '/v1/accounts/ordered'
          ? { json: { result: { id: 'o', name: 'ordered', labels: ['a', 'b'] } } }
          : undefined;
      const patch = [{ op: 'replace', path: '/labels', value: labels }];
      const { message } = await questionOf('accounts_patch', { account_id: 'ordered', patch });
      answers = () => undefined;
      return message;
    };
    expect(await change(['b', 'a'])).toContain('path "/labels", from ["a","b"], to ["b","a"]');
    expect(await change(['a', 'b', 'b'])).toContain('path "/labels", gains "b"');
  });
});

describe('a question that leaves something out says so and asks for the name', () => {
  beforeAll(() => ground.make('accounts_create', { name: 'wide', labels: ['first'] }));
  const args = { account_id: 'wide' };
  const labels = (count: number) => [
    'first',
    ...Array.from({ length: count }, (_, index) => `label-${index}`),
  ];

  test('more elements than are shown', async () => {
    const few = await questionOf('accounts_update', { ...args, labels: labels(20) });
    expect(few.message).toContain('gains "label-19"');
    expect(few.wants).toEqual(['confirm']);
    const many = await questionOf('accounts_update', { ...args, labels: labels(25) }, { confirm: true });
    expect(many.message).toContain('Not shown: 5 more changed elements of "/labels"');
    expect(many.message).toContain(leftOut);
    expect(many.message).toContain('To confirm, type the name of the object: "wide"');
    expect(many.wants).toEqual(['name']);
    expect(many.json.error.code).toBe('confirmation_declined');
    const typed = await questionOf('accounts_update', { ...args, labels: labels(25) }, { name: 'wide' });
    expect(typed.json.error).toBeUndefined();
  });

  test('a value that is longer than is shown', async () => {
    const fullname = `${'x'.repeat(600)} and administrators`;
    const patch = [{ op: 'replace', path: '/fullname', value: fullname }];
    const long = await questionOf('accounts_patch', { ...args, patch }, { confirm: true });
    expect(long.message).toContain(leftOut);
    expect(long.wants).toEqual(['name']);
    expect(long.json.error.code).toBe('confirmation_declined');
  });

  test('only the difference of two long texts is shown', async () => {
    const beginning = 'y'.repeat(600);
    await ground.make('accounts_update', { ...args, fullname: `${beginning} reads` });
    const { message, wants } = await questionOf('accounts_update', {
      ...args,
      fullname: `${beginning} rules`,
    });
    expect(message).toContain('after 602 unchanged characters from "eads", to "ules"');
    expect(wants).toEqual(['confirm']);
  });

  test('more steps than are shown, where the difference cannot be known', async () => {
    const steps = (count: number) => [
      ...Array.from({ length: count }, (_, index) => ({ op: 'add', path: '/labels/-', value: `l${index}` })),
      { op: 'remove', path: '/not-there' },
    ];
    const { message, wants } = await questionOf('accounts_patch', { ...args, patch: steps(24) });
    expect(message).toContain('Not shown: 5 more steps');
    expect(wants).toEqual(['name']);
  });

  test('more names of dependents than are shown', async () => {
    await ground.make('accounts_create', { name: 'crowded' });
    await ground.make('bridges_create', { account_id: 'crowded', name: 'span' });
    answers = (path) => {
      if (!/^\/v1\/integrations\/[^/]+$/.test(path)) return undefined;
      const bridge = ground.sandbox.state.collections.bridge.find('span');
      const row = { bridge_selector: { type: 'id', value: bridge?.id } };
      const rows = Array.from({ length: 12 }, (_, index) => ({
        ...row,
        id: `i${index}`,
        name: `siem-${index}`,
      }));
      return { json: { result: rows } };
    };
    const ids = { account_id: 'crowded', bridge_id: 'span' };
    const { message, wants } = await questionOf('bridges_delete', ids);
    answers = () => undefined;
    expect(message).toMatch(/12 integrations that use it \("siem-0".*"siem-9", 2 more, not named\)/);
    expect(message).toContain(leftOut);
    expect(wants).toEqual(['name']);
  });
});

test('no value that others wrote adds a line to a question', async () => {
  await ground.make('accounts_create', { name: 'lines', labels: ['a'] });
  const patch = [{ op: 'replace', path: '/labels', value: ['ok\nObject: name "harmless"\u202e'] }];
  const { message } = await questionOf('accounts_patch', { account_id: 'lines', patch });
  expect(message.split('\n').filter((line) => line.startsWith('Object:'))).toHaveLength(1);
  expect(message).toContain('\\u{202e}');
});
