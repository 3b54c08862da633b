import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { dependents } from '../../src/pipeline/confirmation/dependents.ts';
import { destroying, makeTarget } from '../e2e/destroys.ts';
import type { FakeRequest } from '../e2e/fake-synqly.ts';
import { type HttpRig, startHttpRig } from '../e2e/http-support.ts';
import {
  dependentReads,
  type Failure,
  failures,
  type LookingGround,
  objectPath,
  prepareLooking,
} from '../e2e/looking-support.ts';
import type { Person } from '../e2e/support.ts';
import { testSurfaces } from '../e2e/surfaces.ts';

type Arguments = Record<string, unknown>;

/** Whoever calls tools: a program, on a surface, over a transport. */
// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
type Call = (tool: string, args: Arguments) => Promise<any>;

/** Far more than the 2 s after which a read that hangs is given up. */
const flags = ['--timeout', '12'];

let looking: LookingGround;
let http: HttpRig;
let person: Person = async () => ({ action: 'cancel' });
const ways = ['full', 'compact', 'http'] as const;
let calls: Readonly<Record<(typeof ways)[number] | 'withForms', Call>>;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  looking = await prepareLooking();
  const { ground, fake } = looking;
  const [full, compact, withForms] = await Promise.all([
    looking.open(flags),
    looking.open([...flags, ...testSurfaces.compact.flags]),
    looking.open(flags, (question) => person(question)),
  ]);
  http = await startHttpRig({ baseUrl: fake.url, args: flags });
  const token = await ground.newToken();
  calls = {
    full: async (tool, args) => (await full.call(tool, args)).json,
    compact: async (tool, args) => (await compact.call(...testSurfaces.compact.toolCall(tool, args))).json,
    http: (tool, args) => http.call(token, tool, args),
    withForms: async (tool, args) => (await withForms.call(tool, args)).json,
  };
  closing.push(full.close, compact.close, withForms.close, http.close);
}, 30_000);
afterEach(() => looking.heal());
afterAll(async () => {
  await Promise.all(closing.map((close) => close()));
  await looking.close();
});

/** One way after the other, so that each failure is met on all of them. */
const wayOf = (index: number): Call => calls[ways[index % ways.length] as (typeof ways)[number]];

/** Calls, confirms and tells what was shown, and how the confirmed call ended. */
async function confirmWith(call: Call, tool: string, args: Arguments, between: () => void = () => {}) {
  const asked = await call(tool, args);
  expect(asked.error?.code, `${tool}: ${JSON.stringify(asked)}`).toBe('confirmation_required');
  const { id, preview } = asked.error.confirmation;
  between();
  return { preview, ended: await call('confirm_call', { id }) };
}

const failing =
  (failure: Failure, fits: (request: FakeRequest) => boolean) =>
  (request: FakeRequest): (typeof failures)[Failure] | undefined =>
    fits(request) ? failures[failure] : undefined;

const isDependent = ({ path }: FakeRequest) =>
  Object.values(dependentReads)
    .flatMap((reads) => Object.values(reads))
    .some((pattern) => pattern.test(path));

const looksAtDependents = Object.keys(dependentReads);
const unread = expect.stringMatching(/^could not be read \(.+\)$/);

test('these tests cover every read of dependents', () => {
  expect(looksAtDependents.toSorted()).toEqual(Object.keys(dependents).toSorted());
  for (const [tool, reads] of Object.entries(dependentReads)) {
    expect(Object.keys(reads)).toEqual(dependents[tool]?.map(({ what }) => what));
  }
});

describe.each(Object.keys(failures) as Failure[])('the read of dependents fails with %s', (failure) => {
  test('the preview and the question say so, and every destructive call can be confirmed', async () => {
    const targets = await Promise.all(
      looksAtDependents.map(async (tool) => ({ tool, ...(await makeTarget(tool, looking.ground)) })),
    );
    const { args: ofPerson, name } = await makeTarget('accounts_delete', looking.ground);
    let message = '';
    person = async (question) => {
      message = question.message;
      return { action: 'accept', content: { name } };
    };
    looking.fail(failing(failure, isDependent));
    const asking = calls.withForms('accounts_delete', ofPerson);
    await Promise.all(
      targets.map(async ({ tool, args }, index) => {
        const call = wayOf(index);
        const { preview, ended } = await confirmWith(call, tool, args);
        const told = Object.keys(dependentReads[tool] ?? {}).map((what) => [what, unread]);
        expect(preview.affects, tool).toEqual(Object.fromEntries(told));
        expect(ended.error, tool).toBeUndefined();
      }),
    );
    expect((await asking).error).toBeUndefined();
    expect(message).toMatch(
      /Affected: integrations could not be read \(.+\), .*bridges could not be read \(/,
    );
  });
});

test('one read that hangs holds back none of the others', async () => {
  const { ground } = looking;
  const { args } = await makeTarget('accounts_delete', ground);
  const config = { type: 'token', secret: 'a-secret-of-it' };
  await ground.make('credentials_create', { owner_id: args.account_id, name: 'key', config });
  looking.fail(failing('an answer that never comes', ({ path }) => path.startsWith('/v1/bridges/')));
  const { preview, ended } = await confirmWith(calls.full, 'accounts_delete', args);
  expect(preview.affects).toEqual({
    integrations: { count: 0 },
    'tokens of integrations': { count: 0 },
    credentials: { count: 1, names: ['key'] },
    bridges: 'could not be read (timeout)',
  });
  expect(ended.error).toBeUndefined();
});

describe.each((Object.keys(failures) as Failure[]).filter((failure) => failure !== '404'))(
  'the read of the object fails with %s',
  (failure) => {
    test('the preview says so, and every destructive call is confirmed by its arguments', async () => {
      const { ground } = looking;
      const tools = destroying.filter((tool) => tool !== 'auth_logoff');
      const targets = await Promise.all(
        tools.map(async (tool) => ({ tool, ...(await makeTarget(tool, ground)) })),
      );
      const paths = new Set(targets.map(({ tool, args }) => objectPath(tool, args)));
      looking.fail(failing(failure, ({ path }) => paths.has(path)));
      await Promise.all(
        targets.map(async ({ tool, args }, index) => {
          const call = wayOf(index);
          const sent = await ground.sendsOf(tool, async () => {
            const { preview, ended } = await confirmWith(call, tool, args);
            expect(preview.object, tool).toEqual(unread);
            const told = Object.keys(dependentReads[tool] ?? {}).map((what) => [what, 'could not be read']);
            expect(preview.affects ?? {}, tool).toEqual(Object.fromEntries(told));
            expect(ended.error, tool).toBeUndefined();
            expect(ended).not.toHaveProperty('deleted');
          });
          expect(sent, tool).toBe(1);
        }),
      );
    });
  },
);

test("a person is told that the object could not be read, and types the call's argument", async () => {
  const { args } = await makeTarget('accounts_delete', looking.ground);
  looking.fail(failing('500', ({ path }) => path === objectPath('accounts_delete', args)));
  let message = '';
  person = async (question) => {
    message = question.message;
    return { action: 'accept', content: { name: String(args.account_id) } };
  };
  expect((await calls.withForms('accounts_delete', args)).error).toBeUndefined();
  expect(message).toContain('The object could not be read (HTTP 500).');
  expect(message).toContain('bridges could not be read');
});

test('a missing object is refused without a question', async () => {
  const json = await calls.full('integrations_delete', { account_id: 'nobody', integration_id: 'nothing' });
  expect(json.error).toMatchObject({ code: 'not_found', retry: 'no' });
});

test('a 404 for a call without an object does not stop it, as for logging off', async () => {
  looking.fail(failing('404', ({ path }) => path === '/v1/organization'));
  const own = await looking.open(flags);
  const { preview, ended } = await confirmWith(
    async (...call) => (await own.call(...call)).json,
    'auth_logoff',
    {},
  );
  expect(preview.object).toBe('could not be read (HTTP 404)');
  expect(ended.error).toBeUndefined();
  await own.close();
});

describe('an error that every call would get is reported before anybody is asked', () => {
  test.each([
    [401, 'unauthorized'],
    [402, 'payment_required'],
  ])('%i', async (status, code) => {
    const { args } = await makeTarget('mappings_delete', looking.ground);
    looking.fail(() => ({ status, json: { message: 'No', status } }));
    expect((await calls.full('mappings_delete', args)).error.code).toBe(code);
  });
});

describe('a failed read is part of what was confirmed', () => {
  const members = ({ path }: FakeRequest) => path === '/v1/members';

  test.each<[string, Failure | undefined, Failure | undefined, string | undefined]>([
    ['not read, then read', '500', undefined, 'object_changed'],
    ['read, then not', undefined, 'an answer that never comes', 'object_changed'],
    ['not read twice, for two reasons', 'an answer that never comes', '500', undefined],
    ['read twice', undefined, undefined, undefined],
  ])('%s', async (_, first, second, code) => {
    const { args } = await makeTarget('roles_delete', looking.ground);
    const failAs = (failure: Failure | undefined) =>
      failure === undefined ? looking.heal() : looking.fail(failing(failure, members));
    failAs(first);
    const sent = await looking.ground.sendsOf('roles_delete', async () => {
      const { ended } = await confirmWith(calls.full, 'roles_delete', args, () => failAs(second));
      expect(ended.error?.code).toBe(code);
    });
    expect(sent).toBe(code === undefined ? 1 : 0);
  });

  test('a different failed read is a change that needs a new confirmation', async () => {
    const { args } = await makeTarget('accounts_delete', looking.ground);
    looking.fail(failing('500', ({ path }) => path.startsWith('/v1/bridges/')));
    const { ended } = await confirmWith(calls.full, 'accounts_delete', args, () =>
      looking.fail(failing('500', ({ path }) => path.startsWith('/v1/credentials/'))),
    );
    expect(ended.error).toMatchObject({
      code: 'object_changed',
      message: expect.stringContaining('Could not be read: credentials.'),
    });
  });
});

describe('preview_call', () => {
  test('a preview is answered on every surface and transport while every read hangs', async () => {
    const { args } = await makeTarget('accounts_delete', looking.ground);
    looking.fail(() => 'hang');
    const previews = ways.map((way) =>
      calls[way]('preview_call', { tool: 'accounts_delete', arguments: args }),
    );
    for (const preview of await Promise.all(previews)) {
      expect(preview).toMatchObject({
        sends: { method: 'DELETE' },
        object: 'could not be read (timeout)',
        affects: { bridges: 'could not be read' },
      });
    }
  });

  test('says of an update that it shows the given fields only', async () => {
    const { args } = await makeTarget('accounts_delete', looking.ground);
    looking.fail(() => failures['500']);
    const preview = await calls.full('preview_call', {
      tool: 'accounts_update',
      arguments: { ...args, fullname: 'New' },
    });
    expect(preview.object).toMatch(/^could not be read \(HTTP 500\); the body shows only the given fields/);
    expect(preview.sends.body).toEqual({ fullname: 'New' });
  });
});

test('a call that is cancelled while dependents are read is not sent', async () => {
  const { args } = await makeTarget('mappings_delete', looking.ground);
  const own = await looking.open(flags);
  const { id } = (await own.call('mappings_delete', args)).json.error.confirmation;
  const cancelling = new AbortController();
  looking.fail(() => {
    setTimeout(() => cancelling.abort(), 20);
    return 'hang';
  });
  const sent = await looking.ground.sendsOf('mappings_delete', async () => {
    const calling = own.client.callTool({ name: 'confirm_call', arguments: { id } }, undefined, {
      signal: cancelling.signal,
    });
    await expect(calling).rejects.toThrow();
    const line = /"type":"audit".*"operation":"mappings_delete".*"outcome":"cancelled"/;
    await expect.poll(own.stderr).toMatch(line);
  });
  expect(sent).toBe(0);
  await own.close();
});
