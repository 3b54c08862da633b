import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { generateSecret, type Recipe, readRecipe } from '../../src/secrets/generate.ts';
import { type FakeAnswer, type FakeSynqly, startFakeSynqly } from '../e2e/fake-synqly.ts';
import { type HttpProgram, startHttpProgram } from '../e2e/http-support.ts';
import { type Person, type Program, startProgram } from '../e2e/support.ts';
import { type TestSurface, testSurfaces } from '../e2e/surfaces.ts';

type Args = Record<string, unknown>;
// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
type Json = any;

/** The sandbox, and before it what a test answers in its place. */
let sandbox: Sandbox;
let synqly: FakeSynqly;
let answers: ((method: string, path: string) => FakeAnswer | undefined) | undefined;
const parent = mkdtempSync(join(tmpdir(), 'generated-'));
const account = 'tern';
beforeAll(async () => {
  sandbox = await startSandbox();
  synqly = await startFakeSynqly(({ method, path }) => answers?.(method, path), sandbox.baseUrl);
  const response = await fetch(`${sandbox.baseUrl}/v1/accounts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sandbox.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: account }),
  });
  expect(response.status).toBe(200);
});
afterEach(() => {
  answers = undefined;
});
afterAll(async () => {
  synqly.close();
  await sandbox.close();
  rmSync(parent, { recursive: true });
});

let count = 0;
const newName = () => {
  count += 1;
  return `generated-${count}`;
};
const member = (secret: string) => ({ name: `${newName()}@tern.example`, role_binding: ['viewer'], secret });
const credential = (secret: string) => ({
  owner_id: account,
  name: newName(),
  config: { type: 'token', secret },
});
const newDirectory = () => {
  const directory = join(parent, newName());
  mkdirSync(directory);
  return directory;
};

/** The bodies of the writes that reached the API since the last call of this, oldest first. */
let seen = 0;
function sent(): Json[] {
  const requests = synqly.requests.slice(seen).filter(({ method }) => method !== 'GET');
  seen = synqly.requests.length;
  return requests.map(({ body }) => (body === '' ? undefined : JSON.parse(body)));
}

interface Subject {
  /** Runs an operation, or a tool about calls, by the surface. */
  call(name: string, args?: Args): Promise<Json>;
  /** Everything that the program has written: results with structured content, logs, and the audit log. */
  written(): string;
}

interface Options {
  readonly surface: TestSurface;
  readonly directory?: string | undefined;
  readonly args?: string[];
  readonly person?: Person;
}

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  sent();
});

async function openStdio({
  surface,
  directory,
  args = [],
  person,
}: Options): Promise<Subject & Omit<Program, 'call'>> {
  const auditLog = join(parent, `${newName()}.log`);
  const flags = [
    ...surface.flags,
    ...(directory === undefined ? [] : ['--secret-dir', directory]),
    ...['--audit-log', auditLog, '--log-level', 'debug'],
    ...(args.includes('--confirm') ? [] : ['--confirm', 'never']),
  ];
  const env = { SYNQLY_TOKEN: sandbox.token };
  const program = await startProgram(['--base-url', synqly.url, ...flags, ...args], env, person);
  opened.push(program);
  const results: string[] = [];
  return {
    ...program,
    written: () => results.join('\n') + program.stderr() + readFileSync(auditLog, 'utf8'),
    call: async (operation, given) => {
      const [name, shaped] = surface.toolCall(operation, given);
      const result = await program.client.callTool({ name, arguments: shaped });
      results.push(JSON.stringify(result));
      const [{ text = '' } = {}] = result.content as { text: string }[];
      return JSON.parse(text);
    },
  };
}

async function openHttp({ surface, args = [] }: Options): Promise<Subject & Omit<HttpProgram, 'call'>> {
  const flags = [...surface.flags, '--confirm', 'never', '--log-level', 'debug', ...args];
  const program = await startHttpProgram(['--base-url', synqly.url, ...flags]);
  opened.push(program);
  const results: string[] = [];
  return {
    ...program,
    written: () => results.join('\n') + program.stderr(),
    call: async (operation, given) => {
      const result = await program.call(sandbox.token, ...surface.toolCall(operation, given));
      results.push(JSON.stringify(result));
      return result;
    },
  };
}

const handle = /^\$\{secret:[0-9a-f]{10}\}$/;
const password = /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[-._~@])[A-Za-z\d][A-Za-z\d._~@-]*$/;

/** The only file of a directory. */
function fileIn(directory: string): string {
  const names = readdirSync(directory);
  expect(names).toHaveLength(1);
  return readFileSync(join(directory, names[0] ?? ''), 'utf8');
}

describe.each(Object.entries(testSurfaces))('over stdio, on the %s surface', (_, surface) => {
  test('a password is made, sent once, and written to a file that only its owner can read', async () => {
    const directory = newDirectory();
    const { call, written } = await openStdio({ surface, directory });
    const { result, generated_secrets, error } = await call('members_create', member('${generate:password}'));
    expect(error).toBeUndefined();
    expect(result.member.role_binding).toEqual(['viewer']);
    const [body, ...others] = sent();
    expect(others).toEqual([]);
    expect(body.secret).toMatch(password);
    expect(body.secret).toHaveLength(24);
    expect(generated_secrets).toEqual([
      { argument: 'secret', reference: expect.stringMatching(handle), file: expect.any(String) },
    ]);
    const [{ file }] = generated_secrets;
    expect(readFileSync(file, 'utf8')).toBe(body.secret);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toHaveLength(1);
    expect(written()).not.toContain(body.secret);
  });

  test('without a directory, a later call can use the secret by its reference', async () => {
    const { call, written } = await openStdio({ surface });
    const made = await call('credentials_create', credential('${generate:token}'));
    expect(made.generated_secrets).toEqual([
      {
        argument: 'config.secret',
        reference: expect.stringMatching(handle),
        note: expect.stringContaining('No person can read it'),
      },
    ]);
    await call('credentials_create', credential(made.generated_secrets[0].reference));
    const [first, second] = sent();
    expect(first.config.secret).toMatch(/^[\w-]{48}$/);
    expect(second.config.secret).toBe(first.config.secret);
    expect(written()).not.toContain(first.config.secret);
  });

  test('each reference is a secret of its own, also the same one twice in a call', async () => {
    const { call } = await openStdio({ surface });
    const made = await call('credentials_create', credential('${generate:token:20}'));
    const step = { op: 'replace', path: '/config/secret', value: '${generate:token:20}' };
    const patch = { owner_id: account, credential_id: made.result.id, patch: [step, step] };
    const { generated_secrets } = await call('credentials_patch', patch);
    const [created, [first, second]] = sent();
    const values = [created.config.secret, first.value, second.value];
    expect(new Set(values).size).toBe(3);
    for (const value of values) expect(value).toMatch(/^[\w-]{20}$/);
    expect(generated_secrets.map(({ argument }: Json) => argument)).toEqual([
      'patch.0.value',
      'patch.1.value',
    ]);
  });

  test.each([
    ['password:12', /^.{12}$/],
    ['password:71', /^.{71}$/],
    ['token:16', /^[\w-]{16}$/],
    ['token:256', /^[\w-]{256}$/],
    ['token:hex', /^[0-9a-f]{48}$/],
    ['token:40:hex', /^[0-9a-f]{40}$/],
    ['token:40:alphanumeric', /^[A-Za-z\d]{40}$/],
    ['token:40:base64url', /^[\w-]{40}$/],
  ])('%s has that form', async (text, form) => {
    const { call } = await openStdio({ surface });
    await call('credentials_create', credential(`\${generate:${text}}`));
    const [{ config }] = sent();
    expect(config.secret).toMatch(form);
    if (text.startsWith('password')) expect(config.secret).toMatch(password);
  });

  test.each([
    ['${generate:pin}', /no kind of generated secret; write \$\{generate:password:24\} or \$\{gen/],
    ['${generate:Password}', /no kind of generated secret/],
    ['${generate:password:3}', /12 to 71 characters, as in \$\{generate:password:24\}/],
    ['${generate:password:72}', /12 to 71 characters/],
    ['${generate:password:-20}', /12 to 71 characters/],
    [
      '${generate:password:24:hex}',
      /no option but the length for a password, as in \$\{generate:password:24\}/,
    ],
    ['${generate:token:15}', /16 to 256 characters, as in \$\{generate:token:40:hex\}/],
    ['${generate:token:10000}', /16 to 256 characters/],
    ['${generate:token:1e2}', /16 to 256 characters/],
    ['${generate:token:40:base32}', /base64url, alphanumeric, hex; as in \$\{generate:token:40:hex\}/],
    ['${generate:token:40:hex:}', /base64url, alphanumeric, hex/],
    ['${generate:token:}', /base64url, alphanumeric, hex/],
    ['${generate:}', /without other text around it, such as \$\{generate:password:24\}/],
    ['${generate}', /without other text around it, such as \$\{generate:password:24\}/],
    ['x-${generate:password}', /without other text around it, such as \$\{generate:password:24\}/],
  ])('%s is refused before anything is sent', async (text, reason) => {
    const { call } = await openStdio({ surface });
    const before = synqly.requests.length;
    const given = credential(text);
    for (const { error } of [
      await call('credentials_create', given),
      await call('preview_call', { tool: 'credentials_create', arguments: given }),
    ]) {
      expect(error.code).toBe('secret_reference');
      expect(error.next).toContain('Nothing was sent');
      expect(error.arguments).toEqual([
        { argument: 'config.secret', problem: expect.stringMatching(reason) },
      ]);
    }
    expect(synqly.requests).toHaveLength(before);
  });

  test.each([
    ['accounts_create', { name: 'x', fullname: '${generate:password}' }, 'fullname'],
    ['accounts_get', { account_id: '${generate:token}' }, 'account_id'],
    [
      'credentials_patch',
      {
        owner_id: account,
        credential_id: 'c',
        patch: [{ op: 'test', path: '/config/secret', value: '${generate:token}' }],
      },
      'patch.0.value',
    ],
  ])('in %s, where no new secret belongs, it is refused', async (operation, args, argument) => {
    const { call } = await openStdio({ surface });
    const before = synqly.requests.length;
    const { error } = await call(operation, args);
    expect(error).toMatchObject({ code: 'secret_reference', arguments: [{ argument }] });
    expect(synqly.requests).toHaveLength(before);
  });

  test('a call generates at most 20 secrets', async () => {
    const { call } = await openStdio({ surface });
    const step = { op: 'replace', path: '/config/secret', value: '${generate:token:20}' };
    const { error } = await call('credentials_patch', {
      owner_id: account,
      credential_id: 'c',
      patch: Array.from({ length: 21 }, () => step),
    });
    expect(error).toMatchObject({
      code: 'secret_reference',
      message: expect.stringContaining('at most 20'),
    });
    expect(sent()).toEqual([]);
  });

  test('a secret that the API refuses is forgotten, and masked where the API repeats it', async () => {
    const directory = newDirectory();
    const { call, written } = await openStdio({ surface, directory });
    sandbox.faults.add({ route: 'credentials_create', times: 1, echo: true });
    const { error } = await call('credentials_create', credential('${generate:token}'));
    sandbox.faults.clear();
    const [{ config }] = sent();
    expect(error.code).toBe('invalid_request');
    expect(error.upstream.detail).toContain('[withheld]');
    expect(error.generated_secrets).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
    expect(written()).not.toContain(config.secret);
  });

  test('where the API repeats it after success, it is masked in this and in later calls', async () => {
    const { call, written } = await openStdio({ surface });
    let secret = '';
    answers = (method, path) => {
      if (!path.includes('/credentials') || method === 'DELETE') return undefined;
      if (method === 'POST') secret = JSON.parse(synqly.requests.at(-1)?.body ?? '').config.secret;
      const row = { id: 'c-1', name: 'x', fullname: `now ${secret}`, config: { type: 'token' } };
      return { json: { result: method === 'POST' ? row : [row] } };
    };
    const made = await call('credentials_create', credential('${generate:token}'));
    expect(made.result.fullname).toBe('now [withheld]');
    const list = await call('credentials_list', { owner_id: account, fields: ['*'] });
    expect(JSON.stringify(list)).toContain('now [withheld]');
    expect(secret).toMatch(/^[\w-]{48}$/);
    expect(written()).not.toContain(secret);
  });

  test('a repeated attempt sends the same secret', async () => {
    const directory = newDirectory();
    const { call } = await openStdio({ surface, directory });
    let left = 2;
    answers = (method) => {
      if (method !== 'POST' || left === 0) return undefined;
      left -= 1;
      return { status: 429, headers: { 'retry-after': '0' }, json: { message: 'slow down' } };
    };
    const { error } = await call('credentials_create', credential('${generate:token}'));
    expect(error).toBeUndefined();
    const secrets = sent().map(({ config }) => config.secret);
    expect(secrets).toHaveLength(3);
    expect(new Set(secrets).size).toBe(1);
    expect(fileIn(directory)).toBe(secrets[0]);
  });

  test('after refusals for their rate only, nothing is kept', async () => {
    const directory = newDirectory();
    const { call } = await openStdio({ surface, directory });
    answers = (method) =>
      method === 'POST' ? { status: 429, headers: { 'retry-after': '0' }, json: {} } : undefined;
    const { error } = await call('credentials_create', credential('${generate:token}'));
    expect(error.code).toBe('rate_limited');
    expect(error.generated_secrets).toBeUndefined();
    expect(sent().length).toBeGreaterThan(1);
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([
    ['there is no answer in time', 'timeout', (): FakeAnswer => 'hang'],
    ['the connection breaks', 'connection_lost', (): FakeAnswer => 'reset'],
    ['the API fails', 'server_error', (): FakeAnswer => ({ status: 500, json: { message: 'failed' } })],
    ['a gateway fails', 'gateway_error', (): FakeAnswer => ({ status: 504, text: 'x' })],
    ['a success cannot be read', 'invalid_response', (): FakeAnswer => ({ status: 200, text: '{"result' })],
  ])('it is kept if %s, and the error says where', async (_when, code, answer) => {
    const directory = newDirectory();
    const { call, written, stderr } = await openStdio({ surface, directory, args: ['--timeout', '1'] });
    answers = (method) => (method === 'POST' ? answer() : undefined);
    const { error } = await call('credentials_create', credential('${generate:token}'));
    answers = undefined;
    const [{ config }] = sent();
    expect(error).toMatchObject({ code, retry: 'check' });
    expect(error.next).toContain('see generated_secrets');
    const [{ argument, reference, file }] = error.generated_secrets;
    expect(argument).toBe('config.secret');
    expect(readFileSync(file, 'utf8')).toBe(config.secret);
    expect(readdirSync(directory)).toHaveLength(1);
    await vi.waitUntil(() => stderr().includes('a generated secret is kept'), 10_000);
    // The same secret can be sent again.
    await call('credentials_create', credential(reference));
    expect(sent()[0].config.secret).toBe(config.secret);
    expect(written()).not.toContain(config.secret);
  });

  test('it is kept if an attempt that was repeated may have taken effect', async () => {
    const directory = newDirectory();
    const { call } = await openStdio({ surface, directory });
    const made = await call('credentials_create', credential('${generate:token}'));
    rmSync(made.generated_secrets[0].file);
    sent();
    const statuses = [503, 400];
    answers = (method) =>
      method === 'PUT' ? { status: statuses.shift() ?? 400, json: { message: 'no' } } : undefined;
    const { error } = await call('credentials_update', {
      owner_id: account,
      credential_id: made.result.id,
      config: { type: 'token', secret: '${generate:token}' },
    });
    const [first, second] = sent();
    expect(error.code).toBe('invalid_request');
    expect(second.config.secret).toBe(first.config.secret);
    expect(error.next).toContain('see generated_secrets');
    expect(fileIn(directory)).toBe(first.config.secret);
  });

  test('it is kept if the client cancels after it was sent, and the log says where', async () => {
    const directory = newDirectory();
    const { client, stderr, written } = await openStdio({ surface, directory });
    answers = (method) => (method === 'POST' ? 'hang' : undefined);
    const [name, args] = surface.toolCall('credentials_create', credential('${generate:token}'));
    const cancel = new AbortController();
    const result = client.callTool({ name, arguments: args }, undefined, { signal: cancel.signal });
    await vi.waitUntil(() => synqly.requests.slice(seen).some(({ method }) => method === 'POST'), 10_000);
    cancel.abort();
    await expect(result).rejects.toThrow();
    await vi.waitUntil(() => stderr().includes('a generated secret is kept'), 10_000);
    const secret = fileIn(directory);
    expect(stderr()).toContain(join(directory, readdirSync(directory)[0] ?? '?'));
    expect(secret).toBe(sent()[0].config.secret);
    expect(written()).not.toContain(secret);
  });

  test('nothing is kept of a call that was not sent', async () => {
    const directory = newDirectory();
    const { call } = await openStdio({ surface, directory });
    answers = (method, path) =>
      method === 'GET' && path.includes('/credentials/') ? { status: 500, json: {} } : undefined;
    const { error } = await call('credentials_update', {
      owner_id: account,
      credential_id: '00000000-0000-4000-8000-000000000000',
      config: { type: 'token', secret: '${generate:token}' },
    });
    expect(error.code).toBe('server_error');
    expect(error.generated_secrets).toBeUndefined();
    expect(sent()).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('nothing is sent if the file cannot be written', async () => {
    const directory = newDirectory();
    const { call } = await openStdio({ surface, directory });
    rmSync(directory, { recursive: true });
    const { error } = await call('credentials_create', credential('${generate:token}'));
    expect(error).toMatchObject({
      code: 'secret_refused',
      message: expect.stringContaining('--secret-dir'),
      next: expect.stringContaining('Nothing was sent.'),
    });
    expect(sent()).toEqual([]);
  });

  test('a preview says what will be generated, and generates nothing', async () => {
    const directory = newDirectory();
    const { call } = await openStdio({ surface, directory });
    const preview = await call('preview_call', {
      tool: 'members_create',
      arguments: member('${generate:password:20}'),
    });
    expect(preview.generates).toEqual({
      secret: 'a password of 20 characters (letters, digits and symbols)',
    });
    expect(readdirSync(directory)).toEqual([]);
    expect(sent()).toEqual([]);
  });

  test('a confirmed call generates its secret, once', async () => {
    const directory = newDirectory();
    const { call, written } = await openStdio({ surface, directory, args: ['--confirm', 'change'] });
    const made = await call('credentials_create', credential('${generate:token}'));
    rmSync(made.generated_secrets[0].file);
    sent();
    const { error } = await call('credentials_update', {
      owner_id: account,
      credential_id: made.result.id,
      config: { type: 'token', secret: '${generate:token:40:hex}' },
    });
    expect(error.code).toBe('confirmation_required');
    expect(error.confirmation.preview.generates).toEqual({
      'config.secret': 'a token of 40 characters (hex)',
    });
    expect(readdirSync(directory)).toEqual([]);
    const { id } = error.confirmation;
    const confirmed = await call('confirm_call', { id });
    expect(confirmed.error).toBeUndefined();
    expect(confirmed.generated_secrets[0].argument).toBe('config.secret');
    const again = await call('confirm_call', { id });
    expect(again.error.code).toBe('confirmation_unknown');
    const bodies = sent();
    expect(bodies).toHaveLength(1);
    expect(bodies[0].config.secret).toMatch(/^[0-9a-f]{40}$/);
    expect(fileIn(directory)).toBe(bodies[0].config.secret);
    expect(written()).not.toContain(bodies[0].config.secret);
  });

  test('the form that a person confirms says what will be generated', async () => {
    const directory = newDirectory();
    const forms: string[] = [];
    let isYes = false;
    const person: Person = async ({ message }) => {
      forms.push(message);
      return isYes ? { action: 'accept', content: { confirm: true } } : { action: 'decline' };
    };
    const { call } = await openStdio({ surface, directory, args: ['--confirm', 'change'], person });
    const made = await call('credentials_create', credential('${generate:token}'));
    rmSync(made.generated_secrets[0].file);
    sent();
    const change = {
      owner_id: account,
      credential_id: made.result.id,
      config: { type: 'token', secret: '${generate:token}' },
    };
    expect((await call('credentials_update', change)).error.code).toBe('confirmation_declined');
    expect(forms[0]).toContain('Generated when sent: "config.secret" a token of 48 characters (base64url)');
    expect(readdirSync(directory)).toEqual([]);
    isYes = true;
    expect((await call('credentials_update', change)).error).toBeUndefined();
    expect(fileIn(directory)).toBe(sent()[0].config.secret);
  });

  test('with --reveal-secrets the result shows it, and nothing else does', async () => {
    const { call, stderr } = await openStdio({ surface, args: ['--reveal-secrets'] });
    answers = (method, path) => {
      if (method !== 'POST' || !path.includes('/credentials')) return undefined;
      const { secret } = JSON.parse(synqly.requests.at(-1)?.body ?? '').config;
      return { json: { result: { id: 'c-1', name: 'x', fullname: `now ${secret}` } } };
    };
    const made = await call('credentials_create', credential('${generate:token}'));
    const [{ config }] = sent();
    expect(made.generated_secrets).toEqual([
      {
        argument: 'config.secret',
        reference: expect.stringMatching(handle),
        secret: config.secret,
      },
    ]);
    expect(made.result.fullname).toBe('now [withheld]');
    expect(stderr()).not.toContain(config.secret);
  });
});

describe.each(Object.entries(testSurfaces))('over HTTP, on the %s surface', (_, surface) => {
  test('it is refused before anything is sent, since nobody could learn it', async () => {
    const { call } = await openHttp({ surface });
    const before = synqly.requests.filter(({ method }) => method !== 'GET').length;
    const given = credential('${generate:token}');
    for (const { error } of [
      await call('credentials_create', given),
      await call('preview_call', { tool: 'credentials_create', arguments: given }),
    ]) {
      expect(error).toMatchObject({
        code: 'secret_refused',
        message: expect.stringContaining('would be lost'),
        arguments: [{ argument: 'config.secret' }],
      });
      expect(error.next).toContain('--reveal-secrets');
    }
    const wrong = await call('credentials_create', credential('${generate:token:3}'));
    expect(wrong.error.code).toBe('secret_reference');
    expect(synqly.requests.filter(({ method }) => method !== 'GET')).toHaveLength(before);
  });

  test('with --reveal-secrets and a pin the result holds what the API got, and the log does not', async () => {
    const { call, stderr } = await openHttp({ surface, args: ['--reveal-secrets', '--account', account] });
    const other = { ...credential('${generate:token}'), owner_id: 'quillbank-credit-union' };
    const outside = await call('credentials_create', other);
    expect(outside.error.code).toBe('outside_pin');
    expect(outside.error.generated_secrets).toBeUndefined();
    expect(sent()).toEqual([]);
    const made = await call('credentials_create', credential('${generate:token}'));
    expect(made.error).toBeUndefined();
    const [{ config }] = sent();
    expect(made.generated_secrets).toEqual([{ argument: 'config.secret', secret: config.secret }]);
    expect(config.secret).toMatch(/^[\w-]{48}$/);
    expect(stderr()).not.toContain(config.secret);
  });

  test('with --reveal-secrets the error shows it if the call may have taken effect', async () => {
    const { call, stderr } = await openHttp({ surface, args: ['--reveal-secrets'] });
    answers = (method, path) => {
      if (method !== 'POST' || !path.includes('/credentials')) return undefined;
      const { secret } = JSON.parse(synqly.requests.at(-1)?.body ?? '').config;
      return { status: 500, json: { message: `failed with ${secret}` } };
    };
    const { error } = await call('credentials_create', credential('${generate:token}'));
    const [{ config }] = sent();
    expect(error.code).toBe('server_error');
    expect(error.upstream.message).toBe('failed with [withheld]');
    expect(error.next).toContain('give that secret');
    expect(error.generated_secrets).toEqual([{ argument: 'config.secret', secret: config.secret }]);
    expect(stderr()).not.toContain(config.secret);
  });

  test('with --reveal-secrets the error does not show it if the API refuses the call', async () => {
    const { call, written } = await openHttp({ surface, args: ['--reveal-secrets'] });
    sandbox.faults.add({ route: 'credentials_create', times: 1, echo: true });
    const { error } = await call('credentials_create', credential('${generate:token}'));
    sandbox.faults.clear();
    expect(error.code).toBe('invalid_request');
    expect(written()).not.toContain(sent()[0].config.secret);
  });
});

test('every password has a letter of each case, a digit and a symbol, and begins with no symbol', () => {
  for (const text of ['password:12', 'password', 'password:71']) {
    const recipe = readRecipe(text) as Recipe;
    for (let draw = 0; draw < 500; draw += 1) expect(generateSecret(recipe)).toMatch(password);
  }
});

test('all characters of an alphabet are equally likely', () => {
  const draws = 6000;
  for (const text of ['token:16:hex', 'token:62:alphanumeric', 'token:64:base64url']) {
    const recipe = readRecipe(text) as Recipe;
    const { characters } = recipe.alphabet;
    const counts = new Map<string, number>([...characters].map((one) => [one, 0]));
    for (let draw = 0; draw < draws; draw += 1)
      for (const one of generateSecret(recipe)) counts.set(one, (counts.get(one) ?? 0) + 1);
    // One tenth is more than seven standard deviations.
    const expected = (draws * recipe.length) / characters.length;
    for (const found of counts.values()) expect(Math.abs(found - expected)).toBeLessThan(expected / 10);
    expect(counts.size).toBe(characters.length);
  }
});
