import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allowedFailures } from '../../src/sandbox/handlers/auth.ts';
import { type Api, openApi } from './api.ts';
import { expectProblem, expectValidAnswers } from './checks.ts';

let api: Api;
let now = Date.parse('2026-11-02T09:00:00Z');
const secret = 'quiet-otter-17';
const hour = 3600_000;

beforeAll(async () => {
  api = await openApi({ size: 3, clock: () => now });
});
afterAll(() => api.close());
afterAll(() => expectValidAnswers(api.exchanges));

async function add(name: string, more: object = {}) {
  const { status, body } = await api.post('/v1/members', { name, secret, ...more });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.result.member;
}
async function logon(name: string, password = secret, organization = 'kestrelmoor') {
  const { status, body } = await api.post(`/v1/auth/logon/${organization}`, { name, secret: password });
  expect(status).toBe(200);
  return body.result;
}
async function session(name: string): Promise<Api> {
  const result = await logon(name);
  expect(result.auth_code).toBe('success');
  return api.as(result.token.access.secret);
}

describe('logon', () => {
  test('opens a session with the rights of the roles', async () => {
    await add('otter@example.com', { role_binding: ['viewer'] });
    const result = await logon('otter@example.com');
    expect(result).toMatchObject({
      auth_code: 'success',
      organization: { name: 'kestrelmoor' },
      member: { name: 'otter@example.com', last_logon: '2026-11-02T09:00:00.000Z' },
    });
    expect(result.token.access.expires).toBe('2026-11-02T10:00:00.000Z');
    const by = api.as(result.token.access.secret);
    expect((await by.get('/v1/accounts')).status).toBe(200);
    expectProblem(await by.post('/v1/accounts', {}), 403);
  });

  test('a wrong name and a wrong password fail alike, with a success status and no token', async () => {
    await add('stoat');
    const [unknown, wrong] = [await logon('nobody'), await logon('stoat', 'wrong-password')];
    for (const result of [unknown, wrong]) {
      expect(result.auth_code).toBe('failure');
      expect(result.token.access.secret).toBe('');
      expect(result.member.id).toBe('');
    }
    expect(unknown.auth_msg).toBe(wrong.auth_msg);
  });

  test('repeated wrong passwords lock the member, until it is enabled again', async () => {
    const member = await add('weasel');
    for (let guess = 1; guess < allowedFailures; guess++)
      expect((await logon('weasel', 'x')).auth_code).toBe('failure');
    expect((await logon('weasel', 'x')).auth_code).toBe('locked');
    expect((await logon('weasel')).auth_code).toBe('locked');
    const { body } = await api.patch(`/v1/members/${member.id}`, [
      { op: 'test', path: '/state', value: 'locked' },
      { op: 'replace', path: '/state', value: 'enabled' },
    ]);
    expect(body.result.state).toBe('enabled');
    expect((await logon('weasel')).auth_code).toBe('success');
  });

  test.each(['disabled', 'invited', 'locked', 'expired'])(
    'a member who starts %s gets that outcome',
    async (state) => {
      await add(`new-${state}`, { options: { options: [state] } });
      expect((await logon(`new-${state}`)).auth_code).toBe(state);
    },
  );

  test('a password lasts as long as the member was given', async () => {
    await add('brief', { options: { ttl: '24h' } });
    expect((await logon('brief')).auth_code).toBe('success');
    now += 24 * hour;
    expect((await logon('brief')).auth_code).toBe('expired');
  });

  test('another organization is 404', async () => {
    expectProblem(await api.post('/v1/auth/logon/elsewhere', { name: 'otter', secret }), 404);
  });

  test('a session ends with logoff, with its member, and when the member is disabled', async () => {
    await add('mink', { role_binding: ['administrator'] });
    const [one, two, three] = [await session('mink'), await session('mink'), await session('mink')];
    expect((await one.post('/v1/auth/logoff')).status).toBe(204);
    expectProblem(await one.get('/v1/organization'), 401);
    expect((await two.get('/v1/organization')).status).toBe(200);
    await api.patch('/v1/members/mink', [{ op: 'replace', path: '/state', value: 'disabled' }]);
    expectProblem(await two.get('/v1/organization'), 401);
    await api.patch('/v1/members/mink', [{ op: 'replace', path: '/state', value: 'enabled' }]);
    expect((await api.delete('/v1/members/mink')).status).toBe(204);
    expectProblem(await three.get('/v1/organization'), 401);
  });
});

describe('passwords', () => {
  test.each(['short', 'x'.repeat(72), 'password123', 'aaaaaaaaaaaa'])('%s is refused', async (bad) => {
    const reply = await api.post('/v1/members', { name: 'vole', secret: bad });
    expectProblem(reply, 400);
    expect(reply.body.context.parameter.id).toBe('/secret');
  });

  test('the organization can ask for longer ones', async () => {
    const patch = (value: number) =>
      api.patch('/v1/organization', [{ op: 'replace', path: '/options/minimum_password_length', value }]);
    expect((await patch(20)).status).toBe(200);
    expectProblem(await api.post('/v1/members', { name: 'vole', secret }), 400);
    expect((await patch(8)).status).toBe(200);
    expectProblem(await patch(7), 400);
  });

  test('are changed by their member, who knows the old one', async () => {
    await add('marten');
    const by = await session('marten');
    const change = (old_secret: string, new_secret: string) =>
      by.post('/v1/auth/change_password', { old_secret, new_secret });
    expect((await change('wrong', 'calm-badger-23')).body.result.auth_code).toBe('failure');
    expectProblem(await change(secret, 'short'), 400);
    expectProblem(await change(secret, secret), 400);
    expect((await change(secret, 'calm-badger-23')).body.result).toEqual({ auth_code: 'success' });
    expect((await logon('marten')).auth_code).toBe('failure');
    expect((await logon('marten', 'calm-badger-23')).auth_code).toBe('success');
    const none = await api.post('/v1/auth/change_password', {
      old_secret: secret,
      new_secret: 'calm-badger-23',
    });
    expectProblem(none, 400);
  });
});

describe('members', () => {
  test('get the role member and the type personal unless stated', async () => {
    expect(await add('ferret')).toMatchObject({
      role_binding: ['member'],
      type: 'personal',
      state: 'enabled',
      ttl: '87600h0m0s',
      token_ttl: '1h0m0s',
    });
  });

  test('with the role member see themselves only', async () => {
    const me = await add('lynx');
    const by = await session('lynx');
    expect((await by.get(`/v1/members/${me.id}`)).body.result.name).toBe('lynx');
    expectProblem(await by.get('/v1/members/ferret'), 404);
    expectProblem(await by.get('/v1/members'), 403);
    expectProblem(
      await by.patch('/v1/members/lynx', [{ op: 'replace', path: '/role_binding', value: [] }]),
      403,
    );
  });

  test('are refused with an unknown role or a lifetime out of range', async () => {
    const bad = [
      [{ role_binding: ['member', 'nobody'] }, '/role_binding/1'],
      [{ options: { token_ttl: '25h' } }, '/options/token_ttl'],
      [{ options: { token_ttl: '30s' } }, '/options/token_ttl'],
      [{ options: { ttl: '1h' } }, '/options/ttl'],
    ] as const;
    for (const [more, pointer] of bad) {
      const reply = await api.post('/v1/members', { name: 'vole', secret, ...more });
      expectProblem(reply, 400);
      expect(reply.body.context.parameter.id).toBe(pointer);
    }
    expect((await add('vole', { type: 'service', options: { token_ttl: '25h' } })).token_ttl).toBe('25h0m0s');
    expectProblem(
      await api.patch('/v1/members/vole', [{ op: 'replace', path: '/token_ttl', value: 'soon' }]),
      400,
    );
  });
});

describe('roles', () => {
  test('give rights as they are at present', async () => {
    await api.post('/v1/roles', {
      name: 'tests',
      permission_set: 'viewer',
      resources: { accounts: { ids: ['*'], environments: ['test'] } },
    });
    await add('civet', { role_binding: ['tests'] });
    const by = await session('civet');
    const count = async () => (await by.get('/v1/accounts')).body.result.length;
    expect(await count()).toBe(1);
    await api.patch('/v1/roles/tests', [{ op: 'remove', path: '/resources' }]);
    expect(await count()).toBe(3);
    await api.patch('/v1/roles/tests', [{ op: 'replace', path: '/permission_set', value: 'member' }]);
    expectProblem(await by.get('/v1/accounts'), 403);
  });

  test('keep their name while members are bound to them', async () => {
    expectProblem(
      await api.patch('/v1/roles/tests', [{ op: 'replace', path: '/name', value: 'others' }]),
      409,
    );
  });

  test('take their sessions along when they are deleted', async () => {
    const by = await session('civet');
    expect((await api.delete('/v1/roles/tests')).status).toBe(204);
    expectProblem(await by.get('/v1/organization'), 401);
    expect((await api.get('/v1/members/civet')).body.result.role_binding).toEqual([]);
  });

  test('that are built in cannot be changed', async () => {
    const { body } = await api.get('/v1/roles/viewer');
    expectProblem(await api.put('/v1/roles/viewer', body.result), 403);
    expectProblem(await api.delete('/v1/roles/root_administrator'), 403);
  });

  test('rights from several roles add up', async () => {
    await api.post('/v1/roles', { name: 'issuer', permission_set: 'token-issuer' });
    await add('genet', { role_binding: ['member', 'issuer'] });
    const by = await session('genet');
    expect((await by.get('/v1/accounts')).status).toBe(200);
    expectProblem(await by.get('/v1/members'), 403);
  });
});

test('permission sets are the eight fixed ones', async () => {
  const { body } = await api.get('/v1/permissionsets');
  expect(body.result).toHaveLength(8);
  expect((await api.get('/v1/permissionsets/viewer')).body.result.permissions.all.actions).toEqual(['read']);
  expectProblem(await api.get('/v1/permissionsets/king'), 404);
});

describe('organization', () => {
  test('takes settings, but neither state nor evaluation', async () => {
    const { body } = await api.get('/v1/organization');
    const put = await api.put('/v1/organization', { ...body.result, contact: 'new@example.com' });
    expect(put.body.result).toMatchObject({ contact: 'new@example.com', state: 'enabled' });
    expectProblem(await api.put('/v1/organization', { ...body.result, state: 'disabled' }), 400);
    expectProblem(
      await api.patch('/v1/organization', [{ op: 'add', path: '/end_date', value: '2030-01-01' }]),
      400,
    );
    const long = { op: 'replace', path: '/options/invite_duration', value: '200h' };
    expectProblem(await api.patch('/v1/organization', [long]), 400);
  });
});

describe('sub-organizations', () => {
  test('are isolated from each other, each opened by its own tokens', async () => {
    const { body } = await api.post('/v1/suborgs', {
      fullname: 'Far Harbor',
      member: { name: 'first@example.com', secret, role_binding: ['administrator'] },
    });
    const { organization, token, member } = body.result;
    expect(organization).toMatchObject({ name: 'far-harbor', organization_type: 'standard' });
    expect(member.name).toBe('first@example.com');
    const by = api.as(token.access.secret);
    expect((await by.get('/v1/accounts')).body.result).toEqual([]);
    expect((await by.post('/v1/accounts', { name: 'inside' })).status).toBe(200);
    expectProblem(await api.get('/v1/accounts/inside'), 404);
    expect((await by.get('/v1/organization')).body.result).toEqual(organization);
    expect((await logon('first@example.com', secret, 'far-harbor')).auth_code).toBe('success');
    expectProblem(await by.get('/v1/suborgs'), 403);

    await by.patch('/v1/organization', [{ op: 'replace', path: '/fullname', value: 'Near Harbor' }]);
    expect((await api.get('/v1/suborgs/far-harbor')).body.result.fullname).toBe('Near Harbor');
    expect((await api.delete('/v1/suborgs/far-harbor')).status).toBe(204);
    expectProblem(await by.get('/v1/organization'), 401);
    expectProblem(await api.get('/v1/suborgs/far-harbor'), 404);
  });

  test('with a bad first member are not made', async () => {
    const bad = { name: 'half', member: { name: 'x', secret: 'password123' } };
    const reply = await api.post('/v1/suborgs', bad);
    expectProblem(reply, 400);
    expect(reply.body.context.parameter.id).toBe('/member/secret');
    expectProblem(await api.get('/v1/suborgs/half'), 404);
  });
});
