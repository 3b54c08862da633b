import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Exchange } from '../../src/sandbox/app.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { type Person, type Program, startProgram, type ToolAnswer } from '../e2e/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'asked-'));
const auditLog = join(folder, 'audit.log');
const exchanges: Exchange[] = [];
const programs: Program[] = [];
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ onExchange: (exchange) => exchanges.push(exchange) });
  owner = String(sandbox.state.collections.account.all()[0]?.name);
});
afterEach(async () => {
  for (const program of programs.splice(0)) await program.close();
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

interface Start {
  readonly person?: Person;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
}

async function start({ person, args = ['--confirm', 'never'], env }: Start = {}): Promise<Program> {
  const program = await startProgram(
    ['--base-url', sandbox.baseUrl, '--audit-log', auditLog, ...args],
    { SYNQLY_TOKEN: sandbox.token, SYNQLY_PERMISSIONS: 'ignore', ...env },
    person,
  );
  programs.push(program);
  exchanges.length = 0;
  return program;
}

let owner = '';
let count = 0;
const credential = (config: object = { type: 'token', secret: '${ask:Splunk <b>token</b>}' }) => {
  count += 1;
  return { owner_id: owner, name: `asked-${count}`, config };
};
const aws = {
  type: 'aws',
  access_key_id: 'id',
  secret_access_key: '${ask:AWS key}',
  session: '${ask:AWS session}',
};

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const sent = () => exchanges.filter(({ method }) => method !== 'GET');
const sentConfigs = () => sent().map(({ requestBody }) => (requestBody as { config: unknown }).config);
const type = (url: string, secret: string, headers = {}) =>
  fetch(url, { method: 'POST', headers, body: new URLSearchParams({ secret }) });

function pagesOf({ json, text, isError }: ToolAnswer): { argument: string; url: string }[] {
  expect(json.error?.code, text).toBe('secret_required');
  expect(isError).toBe(true);
  return json.error.pages;
}
const pageOf = (answer: ToolAnswer) => {
  const [page, ...others] = pagesOf(answer);
  expect(others).toEqual([]);
  return page?.url as string;
};

describe('a client that opens no pages gets the page in the answer', () => {
  test('on the page, the words of the model are short and have no characters that mislead', async () => {
    const program = await start();
    const textOf = async (what: string) => {
      const config = { type: 'token', secret: `\${ask:${what}}` };
      const url = pageOf(await program.call('credentials_create', credential(config)));
      const html = await (await fetch(url)).text();
      return /description<\/dt><dd>(.*?)<\/dd>/s.exec(html)?.[1] ?? '';
    };
    expect((await textOf('x'.repeat(100_000))).length).toBeLessThan(400);
    const odd = await textOf('key\n\n\u202eyalp\u2066\u200b');
    expect(odd).toMatch(/key.*yalp/);
    expect(odd).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  const secret = 'typed-on-the-page-83bc';

  test('the person types the secret there, and the repeated call sends it once', async () => {
    const { call, stderr } = await start({ args: ['--confirm', 'never', '--log-level', 'debug'] });
    const args = credential();
    const first = await call('credentials_create', args);
    expect(first.json.error).toMatchObject({
      retry: 'safe',
      next: expect.stringContaining('make the same call again'),
      pages: [
        {
          argument: 'config.secret',
          url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]{36}$/),
          expires_in_s: 300,
        },
      ],
    });
    const url = pageOf(first);
    const page = await fetch(url);
    expect(page.status).toBe(200);
    const html = await page.text();
    for (const shown of ['Create credential', 'config.secret', 'Splunk &#60;b&#62;token&#60;/b&#62;'])
      expect(html).toContain(shown);
    expect(html).not.toContain(owner);
    expect((await type(url, secret)).status).toBe(200);
    expect(sent()).toEqual([]);
    const second = await call('credentials_create', args);
    expect(second.isError, second.text).toBe(false);
    expect(sentConfigs()).toEqual([{ type: 'token', secret }]);
    const log = readFileSync(auditLog, 'utf8');
    expect(log).toContain('"outcome":"secret_required"');
    for (const text of [first.text, second.text, stderr(), log]) expect(text).not.toContain(secret);
  });

  test('repeated before the secret is typed, the call names the same page', async () => {
    const { call } = await start();
    const args = credential();
    const url = pageOf(await call('credentials_create', args));
    expect(pageOf(await call('credentials_create', args))).toBe(url);
    // The order of the arguments does not matter.
    const turned = Object.fromEntries(Object.entries(args).reverse());
    expect(pageOf(await call('credentials_create', turned))).toBe(url);
    expect((await fetch(url)).status).toBe(200);
  });

  test('no other call gets the secret', async () => {
    const { call } = await start();
    const args = credential();
    const url = pageOf(await call('credentials_create', args));
    await type(url, secret);
    const others = [
      { ...args, name: `${args.name}-other` },
      { ...args, config: { type: 'token', secret: '${ask:Splunk token}' } },
      { ...args, config: { type: 'secret', secret: '${ask:Splunk <b>token</b>}' } },
    ];
    for (const other of others) expect(pageOf(await call('credentials_create', other))).not.toBe(url);
    expect(sent()).toEqual([]);
    expect((await call('credentials_create', args)).isError).toBe(false);
    expect(sentConfigs()).toEqual([{ type: 'token', secret }]);
  });

  test('no other tool gets the secret, though its arguments are the same', async () => {
    const { call } = await start();
    const provider_config = {
      type: 'siem_splunk',
      search_service_url: 'https://splunk.example.com:8089',
      search_service_credential: { type: 'token', secret: '${ask:Splunk token}' },
    };
    const args = { account_id: owner, provider_config };
    const url = pageOf(await call('integrations_verify', args));
    await type(url, secret);
    expect(pageOf(await call('integrations_create', args))).not.toBe(url);
    expect((await call('integrations_verify', args)).isError).toBe(false);
    expect(JSON.stringify(sent().map(({ requestBody }) => requestBody))).toContain(secret);
  });

  test('exactly one of several calls gets the secret; the next is asked again', async () => {
    const { call } = await start();
    const args = credential();
    const url = pageOf(await call('credentials_create', args));
    await type(url, secret);
    const answers = await Promise.all([1, 2, 3].map(() => call('credentials_create', args)));
    expect(answers.filter(({ isError }) => !isError)).toHaveLength(1);
    const again = new Set(answers.filter(({ isError }) => isError).map(pageOf));
    expect([...again]).toHaveLength(1);
    expect([...again]).not.toContain(url);
    expect(sent()).toHaveLength(1);
  });

  test('a call with two asks names both pages at once, and needs both secrets', async () => {
    const { call } = await start();
    const args = credential(aws);
    const pages = pagesOf(await call('credentials_create', args));
    expect(pages.map(({ argument }) => argument)).toEqual(['config.secret_access_key', 'config.session']);
    const [key, session] = pages.map(({ url }) => url) as [string, string];
    expect(await (await fetch(session)).text()).toContain('AWS session');
    await type(session, 'the-session-5cc0');
    expect(pageOf(await call('credentials_create', args))).toBe(key);
    expect(sent()).toEqual([]);
    await type(key, 'the-key-91d2');
    expect((await call('credentials_create', args)).isError).toBe(false);
    expect(sentConfigs()).toMatchObject([{ secret_access_key: 'the-key-91d2', session: 'the-session-5cc0' }]);
  });

  test('a typed secret is masked before a call takes it', async () => {
    const { call } = await start();
    const known = 'a-secret-in-a-name-77aa';
    await call('accounts_create', { name: 'named-after-a-secret', fullname: known });
    const read = async () => (await call('accounts_get', { account_id: 'named-after-a-secret' })).text;
    expect(await read()).toContain(known);
    await type(pageOf(await call('credentials_create', credential())), known);
    expect(await read()).toContain('named-after-a-secret');
    expect(await read()).not.toContain(known);
  });

  test('no page is opened for a preview, or for a call with a reference that cannot be resolved', async () => {
    const { call } = await start();
    const preview = await call('preview_call', { tool: 'credentials_create', arguments: credential() });
    expect(preview.isError, preview.text).toBe(false);
    expect(preview.text).not.toContain('127.0.0.1');
    const mixed = await call('credentials_create', credential({ ...aws, session: '${env:NOTHING}' }));
    expect(mixed.json.error).toMatchObject({
      code: 'secret_reference',
      arguments: [{ argument: 'config.session' }],
    });
    expect(mixed.text).not.toContain('127.0.0.1');
  });

  test('of more than 20 pages, those of the oldest call are closed', async () => {
    const { call, stderr } = await start();
    const first = credential();
    const url = pageOf(await call('credentials_create', first));
    await type(url, secret);
    const second = pageOf(await call('credentials_create', credential()));
    for (let more = 0; more < 18; more += 1) await call('credentials_create', credential());
    expect((await fetch(second)).status).toBe(200);
    await call('credentials_create', credential(aws));
    expect((await fetch(second)).status).toBe(410);
    expect(stderr()).not.toContain('Warning');
    expect(pageOf(await call('credentials_create', first))).not.toBe(url);
    expect(sent()).toEqual([]);
  });
});

describe('the time is limited', () => {
  // Minutes pass in a second each.
  const quick =
    'const { setTimeout: real } = globalThis; globalThis.setTimeout = (work, ms, ...rest) => real(work, ms >= 300000 ? ms / 150 : ms, ...rest)';
  const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(quick)}` };

  test('a page expires, and the call gets another', async () => {
    const { call } = await start({ env });
    const args = credential();
    const url = pageOf(await call('credentials_create', args));
    await pause(2_400);
    const late = await type(url, 'too-late-4411');
    expect(late.status).toBe(410);
    expect(await late.text()).toContain('expired');
    expect(pageOf(await call('credentials_create', args))).not.toBe(url);
    expect(sent()).toEqual([]);
  });

  test('a typed secret is dropped when no call takes it', async () => {
    const { call } = await start({ env });
    const args = credential();
    const known = 'dropped-after-a-while-2f0e';
    await call('accounts_create', { name: 'dropping', fullname: known });
    const url = pageOf(await call('credentials_create', args));
    // The time starts again with the secret.
    await pause(1_500);
    await type(url, known);
    await pause(1_000);
    expect((await call('accounts_get', { account_id: 'dropping' })).text).not.toContain(known);
    await pause(1_500);
    expect((await call('accounts_get', { account_id: 'dropping' })).text).toContain(known);
    expect(pageOf(await call('credentials_create', args))).not.toBe(url);
    expect(sent().filter(({ path }) => path.includes('credentials'))).toEqual([]);
  });

  test('the page closes when the client disconnects, and the process ends', async () => {
    const { call, client, close } = await start();
    const args = credential();
    const url = pageOf(await call('credentials_create', args));
    // The transport over stdio has the id of its process.
    const { pid } = client.transport as unknown as { pid: number };
    // A browser may keep its connection open.
    const held = request(url, { method: 'POST', headers: { 'content-length': '100' } }).on('error', () => {});
    held.write('secret=');
    // The process waits for a running call, but its pages do not.
    sandbox.faults.add({ route: 'accounts_list', hang: true });
    const hanging = call('accounts_list').catch(() => {});
    await pause(300);
    const closed = close();
    await pause(700);
    expect(isRunning(pid)).toBe(true);
    await expect(fetch(url)).rejects.toThrow();
    await closed;
    await hanging;
    sandbox.faults.clear();
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the page', () => {
  const open = async () => {
    const { call } = await start();
    const args = credential();
    const url = pageOf(await call('credentials_create', args));
    const send = async () => {
      const { isError, text } = await call('credentials_create', args);
      expect(isError, text).toBe(false);
      return (sentConfigs().at(-1) as { secret: string }).secret;
    };
    return { url, send };
  };

  test('takes one secret; a reload and a second submit say so', async () => {
    const { url, send } = await open();
    const posted = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ secret: 'first-3c3c' }),
    });
    expect([posted.status, posted.headers.get('location')]).toEqual([303, new URL(url).pathname]);
    const thanks = await (await fetch(url)).text();
    expect(thanks).toContain('The secret has arrived');
    expect(thanks).not.toContain('<form');
    const second = await type(url, 'second-4d4d');
    expect([second.status, await second.text()]).toEqual([409, thanks]);
    expect(await send()).toBe('first-3c3c');
    // Also after the call.
    expect(await (await fetch(url)).text()).toBe(thanks);
    expect((await type(url, 'third-5e5e')).status).toBe(409);
  });

  test('of several submits at one time, one counts', async () => {
    const { url, send } = await open();
    const post = (secret: string) =>
      new Promise<readonly [string, number | undefined]>((resolve, reject) => {
        const body = `secret=${secret}`;
        const headers = { 'content-length': String(body.length) };
        const sending = request(url, { method: 'POST', headers }, (response) => {
          response.resume();
          resolve([secret, response.statusCode]);
        }).on('error', reject);
        sending.write(body.slice(0, 3));
        // All are underway before the first is complete.
        setTimeout(() => sending.end(body.slice(3)), 500);
      });
    const answers = await Promise.all(['one-6f6f', 'two-7a7a', 'three-8b8b'].map(post));
    const taken = answers.filter(([, status]) => status === 303);
    expect(taken).toHaveLength(1);
    expect(await send()).toBe(taken[0]?.[0]);
  });

  test('answers only itself, on loopback', async () => {
    const { url } = await open();
    expect((await fetch(new URL('/', url))).status).toBe(404);
    expect((await fetch(new URL(`/${crypto.randomUUID()}`, url))).status).toBe(404);
    for (const origin of ['https://evil.example.com', 'null'])
      expect((await type(url, 'foreign-9c9c', { origin })).status).toBe(404);
    const rebound = await new Promise<number | undefined>((resolve, reject) => {
      request(url, { headers: { host: `evil.example.com:${new URL(url).port}` } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(rebound).toBe(404);
    expect((await fetch(url, { method: 'PUT' })).status).toBe(405);
    expect((await fetch(url)).status).toBe(200);
  });

  test('refuses an empty secret and one that is too long, and then takes a better one', async () => {
    const { url, send } = await open();
    expect((await type(url, '')).status).toBe(400);
    const long = await type(url, 'x'.repeat(300_000));
    expect([long.status, (await long.text()).includes('too long')]).toEqual([413, true]);
    await type(url, 'better-0d0d');
    expect(await send()).toBe('better-0d0d');
  });

  test('takes a secret of several lines', async () => {
    const { url, send } = await open();
    const body = new URLSearchParams({
      secret: '',
      lines: '-----BEGIN KEY-----\r\nabc\r\n-----END KEY-----',
    });
    expect((await fetch(url, { method: 'POST', body })).status).toBe(200);
    expect(await send()).toBe('-----BEGIN KEY-----\nabc\n-----END KEY-----');
  });

  test('runs no script, loads nothing, and can be read by everybody', async () => {
    const { url } = await open();
    const page = await fetch(url);
    const html = await page.text();
    const style = /<style>([^<]*)<\/style>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page.headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    );
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(html).not.toMatch(/<script|src=|href=|style=/);
    expect(html).toContain('<html lang="en">');
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    const named = [...html.matchAll(/<(?:input|textarea)[^>]* id="(\w+)"/g)].map(([, id]) => id);
    expect(named).toEqual(['secret', 'lines']);
    for (const id of named) expect(html).toContain(`<label for="${id}">`);
    expect(html.length).toBeLessThan(3_000);
  });
});

describe('the confirmation comes first, and is asked for once', () => {
  const confirmChange = ['--confirm', 'change'];

  /** A change of a credential that needs a secret. */
  const change = async () => {
    const { call } = await start();
    const { name } = credential();
    const created = await call('credentials_create', {
      owner_id: owner,
      name,
      config: { type: 'token', secret: 'the-first-c3c3' },
    });
    expect(created.isError, created.text).toBe(false);
    const patch = [{ op: 'replace', path: '/config/secret', value: '${ask:the next}' }];
    return { call, args: { owner_id: owner, credential_id: name, patch } };
  };
  const sentValues = () => sent().map(({ requestBody }) => (requestBody as { value: unknown }[])[0]?.value);

  test('by confirm_call, which is repeated', async () => {
    const { args } = await change();
    const { call } = await start({ args: confirmChange });
    const asked = await call('credentials_patch', args);
    expect(asked.json.error.code).toBe('confirmation_required');
    expect(asked.text).not.toContain('127.0.0.1');
    const { id } = asked.json.error.confirmation;
    const url = pageOf(await call('confirm_call', { id }));
    expect(pageOf(await call('confirm_call', { id }))).toBe(url);
    await type(url, 'confirmed-a1a1');
    expect((await call('confirm_call', { id })).isError).toBe(false);
    expect(sentValues()).toEqual(['confirmed-a1a1']);
    expect((await call('confirm_call', { id })).json.error.code).toBe('confirmation_unknown');
  });

  test('by confirm_call, for no longer than any confirmation', async () => {
    const { args } = await change();
    const { call } = await start({ args: [...confirmChange, '--confirm-within', '4'] });
    const asked = await call('credentials_patch', args);
    const { id } = asked.json.error.confirmation;
    await pause(2_500);
    const url = pageOf(await call('confirm_call', { id }));
    await pause(2_000);
    await type(url, 'confirmed-e5e5');
    expect((await call('confirm_call', { id })).json.error.code).toBe('confirmation_unknown');
    expect(sent()).toEqual([]);
  });

  const startWithForms = async (args: readonly string[] = []) => {
    const forms: string[] = [];
    const { call } = await start({
      args: [...confirmChange, ...args],
      person: async ({ message }) => {
        forms.push(message);
        return { action: 'accept', content: { confirm: true } };
      },
    });
    return { call, forms };
  };

  test('by a form, which is not shown again until the call was made', async () => {
    const { args } = await change();
    const { call, forms } = await startWithForms();
    const url = pageOf(await call('credentials_patch', args));
    expect(pageOf(await call('credentials_patch', args))).toBe(url);
    await type(url, 'confirmed-b2b2');
    expect((await call('credentials_patch', args)).isError).toBe(false);
    expect(forms).toHaveLength(1);
    expect(sentValues()).toEqual(['confirmed-b2b2']);
    expect(readFileSync(auditLog, 'utf8')).toContain('"confirmed_by":"person"');
    expect(pageOf(await call('credentials_patch', args))).not.toBe(url);
    expect(forms).toHaveLength(2);
  });

  test('by a form, whose answer counts for one of several calls', async () => {
    const { args } = await change();
    writeFileSync(join(folder, 'key'), 'from-a-file-9d9d');
    const { call, forms } = await startWithForms(['--secret-dir', folder]);
    // All calls read the file after they have found the answer, and before they need the secret.
    const value = { ...aws, secret_access_key: '${file:key}' };
    const given = { ...args, patch: [{ op: 'replace', path: '/config', value }] };
    await type(pageOf(await call('credentials_patch', given)), 'confirmed-f6f6');
    const answers = await Promise.all([1, 2, 3].map(() => call('credentials_patch', given)));
    expect(sentValues()).toMatchObject([
      { secret_access_key: 'from-a-file-9d9d', session: 'confirmed-f6f6' },
    ]);
    const codes = answers.flatMap(({ json }) => json.error?.code ?? []);
    expect(codes).toEqual(['confirmation_unknown', 'confirmation_unknown']);
    expect(forms).toHaveLength(1);
  });

  test('a person who declines is not asked for a secret', async () => {
    const { args } = await change();
    const { call } = await start({ args: confirmChange, person: async () => ({ action: 'decline' }) });
    const { json, text } = await call('credentials_patch', args);
    expect(json.error.code).toBe('confirmation_declined');
    expect(text).not.toContain('127.0.0.1');
  });

  test('an object that changes while the person types is not changed by the call', async () => {
    const { args, call: callOther } = await change();
    const { call } = await startWithForms();
    const url = pageOf(await call('credentials_patch', args));
    const rename = [{ op: 'replace', path: '/fullname', value: 'Changed' }];
    expect((await callOther('credentials_patch', { ...args, patch: rename })).isError).toBe(false);
    await type(url, 'the-next-d4d4');
    const before = sent().length;
    expect((await call('credentials_patch', args)).json.error.code).toBe('object_changed');
    expect(sent()).toHaveLength(before);
  });
});
