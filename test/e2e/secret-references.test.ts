import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findOperation } from '../../src/tools/catalogue.ts';
import { type HttpRig, startHttpRig } from './http-support.ts';
import { type Rig, startProgram, startRig } from './support.ts';

const parent = mkdtempSync(join(tmpdir(), 'references-'));
const directory = join(parent, 'secrets');
const inside = 'inside-the-directory-71c0';
const outside = 'outside-the-directory-93ae';
const fromEnvironment = 'from-the-environment-4bd2';
let rig: Rig;
beforeAll(async () => {
  mkdirSync(join(directory, 'deeper'), { recursive: true });
  mkdirSync(join(directory, 'folder'));
  writeFileSync(join(parent, 'outside'), outside);
  writeFileSync(join(directory, 'token'), `${inside}\n`);
  writeFileSync(join(directory, 'deeper', 'token'), inside);
  writeFileSync(join(directory, 'empty'), '\n');
  writeFileSync(join(directory, 'large'), 'x'.repeat(1024 * 1024));
  writeFileSync(join(directory, 'binary'), Buffer.from([0xff, 0xfe, 0x00, 0x80]));
  symlinkSync(join(parent, 'outside'), join(directory, 'link'));
  symlinkSync(parent, join(directory, 'up'));
  symlinkSync(join(directory, 'token'), join(directory, 'alias'));
  rig = await startRig({
    args: ['--secret-dir', directory, '--confirm', 'never'],
    env: {
      SYNQLY_SECRET_SPLUNK: fromEnvironment,
      SYNQLY_SECRET_EMPTY: '',
      OTHER_SECRET: outside,
    },
  });
  await rig.call('accounts_create', { name: 'tern' });
});
afterAll(async () => {
  await rig.close();
  rmSync(parent, { recursive: true });
});

let count = 0;
const credential = (secret: unknown) => {
  count += 1;
  return { owner_id: 'tern', name: `credential-${count}`, config: { type: 'token', secret } };
};
const lastSent = () => rig.exchanges.at(-1)?.requestBody as { config: { secret: string } };

describe('a reference', () => {
  test.each([
    ['a variable', '${env:SYNQLY_SECRET_SPLUNK}', fromEnvironment],
    ['a file, without its last line break', '${file:token}', inside],
    ['a file below', '${file:deeper/token}', inside],
    ['a file by its whole path', `\${file:${join(directory, 'token')}}`, inside],
    ['a link that stays inside', '${file:alias}', inside],
  ])('to %s is resolved in the request and nowhere else', async (_, reference, value) => {
    const { isError, text } = await rig.call('credentials_create', credential(reference));
    expect(isError, text).toBe(false);
    expect(lastSent().config.secret).toBe(value);
    expect(text + rig.stderr()).not.toContain(value);
  });

  test.each([
    ['to a name outside the pattern', '${env:OTHER_SECRET}', /allowed names are SYNQLY_SECRET_\*/],
    [
      "to the server's own token",
      '${env:SYNQLY_TOKEN}',
      /This server does not allow references to this variable/,
    ],
    ['to a variable that is empty', '${env:SYNQLY_SECRET_EMPTY}', /not set/],
    ['to a variable that is not there', '${env:SYNQLY_SECRET_NONE}', /not set/],
    ['that climbs out', '${file:../outside}', /leads out/],
    ['that names another place', `\${file:${join(parent, 'outside')}}`, /leads out/],
    ['through a link that leads out', '${file:link}', /leads out/],
    ['through a directory that leads out', '${file:up/outside}', /leads out/],
    ['to the directory itself', '${file:.}', /leads out/],
    ['to a directory', '${file:folder}', /is not a file/],
    ['to no file', '${file:nothing}', /no such file/],
    ['to an empty file', '${file:empty}', /holds no secret/],
    ['to a file of 1 MB', '${file:large}', /larger than 65536 bytes/],
    ['to a file that is no text', '${file:binary}', /UTF-8/],
    ['to a device', '${file:/dev/zero}', /leads out/],
    ['to a handle that was never given', '${secret:0123456789}', /The server has no secret with this handle/],
    ['that is part of a value', 'Bearer ${env:SYNQLY_SECRET_SPLUNK}', /must be one reference/],
    ['inside another', '${env:SYNQLY_SECRET_${env:SYNQLY_SECRET_SPLUNK}}', /must be one reference/],
    ['twice', '${file:token}${file:token}', /must be one reference/],
  ])(
    '%s is refused with the reason, without the content, and nothing is sent',
    async (_, reference, reason) => {
      const before = rig.exchanges.length;
      const { json, text } = await rig.call('credentials_create', credential(reference));
      expect(json.error).toMatchObject({ code: 'secret_reference', retry: 'no' });
      expect(json.error.arguments).toMatchObject([
        { argument: 'config.secret', problem: expect.stringMatching(reason) },
      ]);
      for (const content of [inside, outside, fromEnvironment, 'xxxxxxxx'])
        expect(text).not.toContain(content);
      expect(rig.exchanges).toHaveLength(before);
    },
  );

  const reference = '${env:SYNQLY_SECRET_SPLUNK}';
  test.each([
    ['accounts_create', { name: 'x', fullname: reference }, 'fullname'],
    ['accounts_create', { name: reference }, 'name'],
    ['accounts_list', { filter: [`name[eq]${reference}`] }, 'filter.0'],
    ['accounts_get', { account_id: reference }, 'account_id'],
    [
      'accounts_patch',
      { account_id: 'tern', patch: [{ op: 'replace', path: '/fullname', value: reference }] },
      'patch.0.value',
    ],
    [
      'integrations_create',
      { account_id: 'tern', provider_config: { type: 'siem_splunk', search_service_url: reference } },
      'provider_config.search_service_url',
    ],
    [
      'integrations_create',
      { account_id: 'tern', provider_config: { type: 'siem_splunk', [reference]: 'x' } },
      'provider_config.(name)',
    ],
  ])('in %s, which takes no secret, is refused', async (tool, args, argument) => {
    const before = rig.exchanges.length;
    const { json, text } = await rig.call(tool, args);
    expect(json.error.code, text).toBe('secret_reference');
    expect(json.error.arguments).toMatchObject([
      { argument, problem: expect.stringMatching(/not a secret argument/) },
    ]);
    expect(rig.exchanges).toHaveLength(before);
  });

  test.each([
    ['credentials_patch', '/secret', reference],
    ['credentials_patch', '/fullname', { secret: reference }],
    ['credentials_patch', '/config/extra_secret', reference],
    ['credentials_patch', '/name/password', reference],
    ['accounts_patch', '/secret', reference],
    ['accounts_patch', '/fullname', { secret: reference }],
    ['accounts_patch', '/labels/-', { token: reference }],
    ['accounts_patch', '', { secret: reference }],
    ['integrations_patch', '/webhook_config/provider_key/secret', reference],
    ['integrations_patch', '/fullname', { provider_key: reference }],
    ['integrations_patch', '/provider_key', reference],
    ['integrations_patch', '/provider_config/url', reference],
    ['organizationWebhooks_patch', '/environment', { secret: reference }],
    ['members_patch', '/fullname', { secret: reference }],
  ])('in a step of %s at "%s" as %j is refused', async (tool, path, value) => {
    const before = rig.exchanges.length;
    const ids = {
      account_id: 'tern',
      owner_id: 'tern',
      credential_id: 'c',
      integration_id: 'i',
      webhook_id: 'w',
      member_id: 'm',
    };
    const taken = Object.keys(findOperation(tool)?.params ?? {});
    const args = Object.fromEntries(Object.entries(ids).filter(([name]) => taken.includes(name)));
    for (const op of ['add', 'replace']) {
      const given = { ...args, patch: [{ op, path, value }] };
      for (const answer of [
        await rig.call(tool, given),
        await rig.call('preview_call', { tool, arguments: given }),
      ])
        expect(answer.json.error?.code, answer.text).toBe('secret_reference');
    }
    expect(rig.exchanges).toHaveLength(before);
  });

  test.each([
    ['credentials_patch', { owner_id: 'tern' }, '/config', { type: 'token', secret: '${file:token}' }],
    ['credentials_patch', { owner_id: 'tern' }, '/config/secret', '${file:token}'],
  ])('by %s of %j at %s is taken', async (tool, owner, path, value) => {
    const made = await rig.call('credentials_create', credential('as-it-was-first'));
    const patch = [{ op: 'replace', path, value }];
    const { isError, text } = await rig.call(tool, { ...owner, credential_id: made.json.result.id, patch });
    expect(isError, text).toBe(false);
    expect(JSON.stringify(rig.exchanges.at(-1)?.requestBody)).toContain(inside);
  });

  test('in a patch of a secret is resolved', async () => {
    const made = await rig.call('credentials_create', credential('as-it-was-first'));
    const patch = [{ op: 'replace', path: '/config/secret', value: '${file:token}' }];
    const { isError, text } = await rig.call('credentials_patch', {
      owner_id: 'tern',
      credential_id: made.json.result.id,
      patch,
    });
    expect(isError, text).toBe(false);
    expect(JSON.stringify(rig.exchanges.at(-1)?.requestBody)).toContain(inside);
    expect(text).not.toContain(inside);
  });

  test('is shown unresolved in a preview', async () => {
    const args = { tool: 'credentials_create', arguments: credential('${env:SYNQLY_SECRET_SPLUNK}') };
    const { text } = await rig.call('preview_call', args);
    expect(text).not.toContain(fromEnvironment);
  });
});

test('a secret goes from credential to token and back without being in the conversation', async () => {
  const said: string[] = [];
  const call: Rig['call'] = async (name, args = {}) => {
    const answer = await rig.call(name, args);
    said.push(JSON.stringify({ name, args }), answer.text);
    expect(answer.isError, answer.text).toBe(false);
    return answer;
  };
  const made = await call('credentials_create', credential('${env:SYNQLY_SECRET_SPLUNK}'));
  const provider_config = {
    type: 'siem_splunk',
    search_service_url: 'https://splunk.tern.example.com:8089',
    search_service_credential: { type: 'token_id', value: made.json.result.id },
  };
  await call('integrations_verify', { account_id: 'tern', provider_config });
  await call('integrations_create', { account_id: 'tern', name: 'splunk', provider_config });
  const inline = {
    ...provider_config,
    search_service_credential: { type: 'token', secret: '${file:token}' },
  };
  await call('integrations_create', { account_id: 'tern', name: 'splunk-inline', provider_config: inline });

  const token = await call('tokens_create_token', {
    name: 'for-later',
    permission_set: 'viewer',
    resources: {},
  });
  const reference = token.json.result.primary.access.secret;
  expect(reference).toMatch(/^\$\{secret:[0-9a-f]{10}\}$/);
  const file = token.json.secret_files[reference];
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const secret = readFileSync(file, 'utf8');
  await call('credentials_create', credential(reference));
  expect(lastSent().config.secret).toBe(secret);
  await call('credentials_create', credential(`\${file:${file}}`));
  expect(lastSent().config.secret).toBe(secret);

  const program = await startProgram(['--base-url', rig.sandbox.baseUrl], { SYNQLY_TOKEN: secret });
  expect((await program.call('accounts_list')).isError).toBe(false);
  await program.close();
  for (const hidden of [secret, inside, fromEnvironment]) {
    expect(said.join('\n')).not.toContain(hidden);
    expect(rig.stderr()).not.toContain(hidden);
  }
});

test('reading secrets again gives the same references, and writes no files', async () => {
  const [token] = (await rig.call('tokens_list', { filter: ['name[eq]for-later'] })).json.result;
  const before = readdirSync(directory);
  const again = await rig.call('tokens_get', { refresh_token_id: token.id });
  expect(again.json.result.primary).toEqual(token.primary);
  expect(readdirSync(directory)).toEqual(before);
});

test("the server's own tokens are open to no pattern", async () => {
  const args = ['--base-url', rig.sandbox.baseUrl, '--secret-env', '*'];
  const program = await startProgram(args, {
    SYNQLY_TOKEN: rig.sandbox.token,
    SYNQLY_MCP_TOKEN: 'another-token',
  });
  for (const name of ['SYNQLY_TOKEN', 'SYNQLY_MCP_TOKEN']) {
    const { json } = await program.call('credentials_create', credential(`\${env:${name}}`));
    expect(json.error.code).toBe('secret_reference');
  }
  await program.close();
});

test("the file of the server's own token is no secret for calls, whatever it is called", async () => {
  const own = join(directory, 'own-token');
  writeFileSync(own, rig.sandbox.token);
  symlinkSync(own, join(directory, 'own-link'));
  linkSync(own, join(directory, 'own-hard-link'));
  const args = ['--base-url', rig.sandbox.baseUrl, '--secret-dir', directory];
  const program = await startProgram(args, { SYNQLY_TOKEN_FILE: own });
  const before = rig.exchanges.length;
  for (const name of ['own-token', 'own-link', 'own-hard-link', './own-token', own]) {
    const { json, text } = await program.call('credentials_create', credential(`\${file:${name}}`));
    expect(json.error?.code, text).toBe('secret_reference');
    expect(json.error.arguments[0].problem).toContain('own token');
  }
  expect(rig.exchanges.filter(({ method }) => method === 'POST').length).toBe(
    rig.exchanges.slice(0, before).filter(({ method }) => method === 'POST').length,
  );
  expect((await program.call('credentials_create', credential('${file:token}'))).isError).toBe(false);
  await program.close();
});

describe('a person can be asked', () => {
  const typed = 'typed-by-a-person-0d4e';
  const ask = async (visit: (url: string) => Promise<unknown>, action: 'accept' | 'decline' = 'accept') => {
    const asked: unknown[] = [];
    const person = async (question: unknown) => {
      asked.push(question);
      await visit((question as { url: string }).url);
      return { action };
    };
    const args = ['--base-url', rig.sandbox.baseUrl, '--confirm', 'never'];
    const env = { SYNQLY_TOKEN: rig.sandbox.token };
    const program = await startProgram(args, env, person, 'url');
    const before = rig.exchanges.length;
    const answer = await program.call('credentials_create', credential('${ask:Splunk <b>token</b>}'));
    await program.close();
    return { ...answer, asked, stderr: program.stderr(), sent: rig.exchanges.length - before };
  };
  const submit = (url: string, headers = {}) =>
    fetch(url, { method: 'POST', headers, body: new URLSearchParams({ secret: typed }) });

  test('on a page that works once, and the model never sees what is typed', async () => {
    let page = '';
    let address = '';
    const { isError, text, asked, stderr } = await ask(async (url) => {
      address = url;
      const shown = await fetch(url);
      page = await shown.text();
      expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect((await fetch(new URL('/', url))).status).toBe(404);
      expect((await submit(url, { origin: 'https://evil.example.com' })).status).toBe(404);
      expect((await submit(url)).status).toBe(200);
    });
    expect(isError, text).toBe(false);
    expect(lastSent().config.secret).toBe(typed);
    expect(page).toContain('Splunk &#60;b&#62;token');
    expect(asked).toMatchObject([
      { mode: 'url', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]{36}$/) },
    ]);
    expect(text + stderr + JSON.stringify(asked)).not.toContain(typed);
    await expect(fetch(address)).rejects.toThrow();
  });

  test.each([
    ['declines', async () => {}, 'decline'],
    ['cannot open it', () => Promise.reject(new Error('no browser')), 'accept'],
  ] as const)('who %s, and nothing is sent', async (_, visit, action) => {
    const { json, sent } = await ask(visit, action);
    expect(json.error.code).toBe('secret_reference');
    expect(sent).toBe(0);
  });
});

describe('over HTTP', () => {
  let http: HttpRig;
  let named: HttpRig;
  const env = { SYNQLY_SECRET_SPLUNK: fromEnvironment };
  beforeAll(async () => {
    http = await startHttpRig({ env });
    named = await startHttpRig({ env, args: ['--secret-env', 'SYNQLY_SECRET_*'] });
  });
  afterAll(async () => {
    await http.close();
    await named.close();
  });
  const create = ({ call, sandbox }: HttpRig, secret: string) =>
    call(sandbox.token, 'credentials_create', {
      owner_id: String(sandbox.state.collections.account.all()[0]?.name),
      config: { type: 'token', secret },
    });

  test('callers get no secret of the machine unless --secret-env allows it', async () => {
    for (const reference of [
      '${env:SYNQLY_SECRET_SPLUNK}',
      '${env:PATH}',
      '${file:token}',
      '${secret:0123456789}',
    ]) {
      expect((await create(http, reference)).error.code).toBe('secret_reference');
    }
    expect((await create(named, '${env:SYNQLY_SECRET_SPLUNK}')).result.config.type).toBe('token');
    // Permissions are read meanwhile.
    const sent = named.exchanges.findLast(({ method }) => method === 'POST');
    expect(sent?.requestBody).toMatchObject({ config: { secret: fromEnvironment } });
    expect((await create(named, '${env:PATH}')).error.code).toBe('secret_reference');
  });

  test('nobody is asked for a secret, since the person is at another machine', async () => {
    const { error } = await create(http, '${ask:Splunk token}');
    expect(error).toMatchObject({
      code: 'secret_reference',
      arguments: [{ problem: expect.stringContaining('Over HTTP the server cannot ask for a secret') }],
    });
    expect(JSON.stringify(error)).not.toContain('127.0.0.1');
  });

  test('a reference to a stored secret is refused with the reason', async () => {
    expect((await create(http, '${secret:0123456789}')).error.arguments).toEqual([
      { argument: 'config.secret', problem: 'A server over HTTP stores no secrets.' },
    ]);
  });

  test.each([
    ['tokens_create_token', { name: 'x', permission_set: 'viewer', resources: {} }],
    ['tokens_create_mcp_token', { scope: { type: 'management' } }],
    ['auth_logon', { organization_id: 'x', name: 'x', secret: 'some-password' }],
  ])('%s, whose result is a secret, is refused before it is sent', async (tool, args) => {
    const before = http.exchanges.filter(({ method }) => method !== 'GET').length;
    expect((await http.call(http.sandbox.token, tool, args)).error).toMatchObject({ code: 'secret_refused' });
    expect(http.exchanges.filter(({ method }) => method !== 'GET')).toHaveLength(before);
  });
});
