import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type FakeRequest, type FakeSynqly, startFakeSynqly } from '../e2e/fake-synqly.ts';
import { type Program, startProgram } from '../e2e/support.ts';

/*
 * What variables, files, persons and writes gave is known to the end of the process, however much is read after it.
 */
const times = { created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' };
const padded = (text: string, length: number) => text.padEnd(length, '-');
const pair = (name: string, length: number) => ({
  access: { secret: padded(`access-of-${name}`, length), expires: times.created_at },
  refresh: { secret: padded(`refresh-of-${name}`, length), expires: times.created_at },
});
const token = (name: string, length = 40) => ({
  id: `id-of-${name}`,
  name,
  ...times,
  primary: pair(`${name}-1`, length),
  secondary: pair(`${name}-2`, length),
});
const integration = (keys: readonly string[]) => ({
  id: 'int',
  name: 'int',
  account_id: 'acc',
  fullname: 'int',
  ...times,
  provider_config: { type: 'siem_mock_siem' },
  webhook_config: { items: keys.map((integrator_key) => ({ webhook_url: 'u', integrator_key })) },
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

interface Ground {
  readonly api: FakeSynqly;
  readonly program: Program;
  /** Rows that `tokens_list` gives, from one number on. */
  list(first: number, count: number, length?: number): void;
  /** What `accounts_get` repeats. */
  echo(text: string): Promise<string>;
  readonly posted: () => Record<string, unknown>;
}

/** Tokens by number; what is created is `made`; integrations are answered with so many keys. */
async function prepare(args: string[] = [], env: Record<string, string> = {}, keys: readonly string[] = []) {
  let rows: unknown[] = [];
  let echoed = '';
  const answerTo = ({ method, path, query }: FakeRequest): unknown => {
    if (path === '/v1/tokens' && method === 'POST') return token('made');
    if (path === '/v1/tokens') {
      const from = rows.findIndex((row) => (row as { name: string }).name === query.get('start_after')) + 1;
      return rows.slice(from, from + Number(query.get('limit') ?? 100));
    }
    if (path.startsWith('/v1/tokens/')) return token(path.split('/')[3] ?? '');
    if (path.startsWith('/v1/accounts/')) return { id: 'acc', name: 'acc', fullname: echoed, ...times };
    if (path.startsWith('/v1/integrations/'))
      return { integration: integration(keys), token: pair('int', 30) };
    return { id: 'cred', name: 'cred', config: { type: 'token' }, ...times };
  };
  const api = await startFakeSynqly((request) => ({ json: { result: answerTo(request) } }));
  const program = await startProgram(['--base-url', api.url, '--confirm', 'never', ...args], {
    SYNQLY_TOKEN: 'token-of-the-server',
    SYNQLY_PERMISSIONS: 'ignore',
    ...env,
  });
  open.push(api, program);
  const ground: Ground = {
    api,
    program,
    list: (first, count, length) => {
      rows = Array.from({ length: count }, (_, at) =>
        token(`row-${String(first + at).padStart(6, '0')}`, length),
      );
    },
    echo: async (text) => {
      echoed = text;
      return (await program.call('accounts_get', { account_id: 'acc' })).json.result.fullname;
    },
    posted: () => JSON.parse(api.requests.findLast(({ method }) => method === 'POST')?.body ?? '{}'),
  };
  return ground;
}

const create = { name: 'made', permission_set: 'viewer', resources: {} };
const credential = (secret: string) => ({ owner_id: 'acc', name: 'c', config: { type: 'token', secret } });
const secretOf = (name: string, length = 40) => padded(`access-of-${name}-1`, length);

describe('reads displace no secret that was given by', () => {
  test('a write: its handle works and its value is masked after a list of 1,000 secrets, read again and again', async () => {
    const { program, list, echo, posted } = await prepare();
    const made = await program.call('tokens_create_token', create);
    const reference = made.json.result.primary.access.secret;
    expect(reference).toMatch(/^\$\{secret:/);
    for (const first of [0, 250, 500]) {
      list(first, 250);
      const { json } = await program.call('tokens_list', { limit: 250, fields: ['name'] });
      expect(json.error).toBeUndefined();
    }
    expect(await echo(`was ${secretOf('made')}`)).toBe('was [withheld]');
    expect((await program.call('credentials_create', credential(reference))).isError).toBe(false);
    expect(posted().config).toMatchObject({ secret: secretOf('made') });
    // Read again, it is the same.
    const again = await program.call('tokens_get', { refresh_token_id: 'made' });
    expect(again.json.result.primary.access.secret).toBe(reference);
  });

  test('a variable or a file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memory-'));
    open.push({ close: () => rmSync(directory, { recursive: true }) });
    writeFileSync(join(directory, 'key'), 'value-of-the-file-19');
    const env = { SYNQLY_SECRET_ONE: 'value-of-the-variable-73' };
    const { program, list, echo } = await prepare(['--secret-dir', directory], env);
    for (const reference of ['${env:SYNQLY_SECRET_ONE}', '${file:key}'])
      expect((await program.call('credentials_create', credential(reference))).isError).toBe(false);
    list(0, 600);
    await program.call('tokens_list', { limit: 600, fields: ['name'] });
    expect(await echo('value-of-the-variable-73 value-of-the-file-19')).toBe('[withheld] [withheld]');
  });
});

test('the newest secrets that were read are known, and those that a write returned are known for good', async () => {
  const { program, list, echo, posted } = await prepare();
  const long = 5_000;
  // 6 MB of secrets in all, in pages of 200 kB.
  const read = async (first: number) => {
    list(first, 10, long);
    const { json } = await program.call('tokens_list', {
      limit: 10,
      fields: ['name', 'primary.access.secret'],
    });
    return json.rows[0][1] as string;
  };
  const oldest = await read(0);
  // The token that a write will give.
  const promoted = (await program.call('tokens_get', { refresh_token_id: 'made' })).json.result.primary
    .access;
  const made = await program.call('tokens_create_token', create);
  expect(made.json.result.primary.access.secret).toBe(promoted.secret);
  let newest = oldest;
  for (let first = 10; first < 300; first += 10) newest = await read(first);

  expect(newest).toMatch(/^\$\{secret:/);
  expect((await program.call('credentials_create', credential(newest))).isError).toBe(false);
  expect(posted().config).toMatchObject({ secret: secretOf('row-000290', long) });
  expect(await echo(`<${secretOf('row-000299', long)}>`)).toBe('<[withheld]>');
  const gone = await program.call('credentials_create', credential(oldest));
  expect(gone.json.error).toMatchObject({
    code: 'secret_reference',
    arguments: [{ argument: 'config.secret', problem: expect.stringMatching(/repeat that read/) }],
  });
  expect(await echo(secretOf('made'))).toBe('[withheld]');
  expect((await program.call('credentials_create', credential(promoted.secret))).isError).toBe(false);
});

describe('where no more can be remembered', () => {
  const many = Array.from({ length: 10_000 }, (_, at) => `integrator-key-${String(at).padStart(6, '0')}`);
  const large = Array.from({ length: 5 }, (_, at) => padded(`large-key-${at}-`, 3_500_000));
  const integrate = { account_id: 'acc', provider_config: { type: 'siem_mock_siem' } };

  test.each([
    ['10,000 secrets', many],
    ['16 MiB of secrets', large],
  ])(
    'after %s, a write that would return a secret is refused before it is sent, and all secrets stay known',
    async (_, keys) => {
      const folder = mkdtempSync(join(tmpdir(), 'next-secret-'));
      open.push({ close: () => rmSync(folder, { recursive: true }) });
      writeFileSync(join(folder, 'next'), 'content-of-another-file');
      const env = { SYNQLY_SECRET_KNOWN: 'known-from-the-start' };
      const args = ['--max-response-bytes', '40000000', '--secret-dir', folder];
      const { program, echo, api } = await prepare(args, env, keys);
      const created = await program.call('integrations_create', integrate);
      expect(created.isError, created.text.slice(0, 500)).toBe(false);
      for (const [tool, given] of [
        ['tokens_create_token', create],
        ['integrations_create', integrate],
        ['credentials_create', credential('${file:next}')],
      ] as const) {
        const before = api.requests.length;
        const { json } = await program.call(tool, given);
        expect(json.error, tool).toMatchObject({
          code: 'secret_refused',
          next: expect.stringMatching(/restart.*Nothing was sent/),
          retry: 'no',
        });
        expect(api.requests).toHaveLength(before);
      }
      const some = keys.length > 100 ? [keys[0], keys[5_000], keys.at(-1)] : [keys[0]];
      for (const key of some) expect(await echo(`<${key}>`)).toBe('<[withheld]>');
      // Reads, writes that give nothing, and references to what is known go on.
      expect((await program.call('tokens_get', { refresh_token_id: 'x' })).isError).toBe(false);
      expect((await program.call('credentials_create', credential('a-literal-secret'))).isError).toBe(false);
      const known = credential('${env:SYNQLY_SECRET_KNOWN}');
      expect((await program.call('credentials_create', known)).isError).toBe(false);
    },
  );
});

test.each(['a', '"', '{', 'info', ':', '":"'])(
  'the log stays JSON, line by line, with a variable that holds %s',
  async (short) => {
    const { program } = await prepare(['--log-level', 'debug'], { SYNQLY_SECRET_SHORT: short });
    const { isError } = await program.call('credentials_create', credential('${env:SYNQLY_SECRET_SHORT}'));
    expect(isError).toBe(false);
    await program.call('accounts_get', { account_id: 'acc' });
    await expect.poll(() => program.stderr()).toContain('accounts_get');
    const lines = program
      .stderr()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    // Without a file of its own the audit log is written there, too.
    for (const line of lines.filter(({ type }) => type !== 'audit'))
      expect(line).toMatchObject({ level: expect.stringMatching(/^(info|debug)$/), msg: expect.any(String) });
    expect(lines.some(({ tool, level }) => tool === 'credentials_create' && level === 'info')).toBe(true);
  },
);

describe('values of variables that calls may refer to are masked before any call has', () => {
  const held = 'held-by-a-variable-5b1d';
  test.each([
    [[], { SYNQLY_SECRET_HELD: held }, true],
    [['--secret-env', 'VAULT_*'], { VAULT_ONE: held }, true],
    [['--secret-env', '*'], { SOME_PASSWORD: held }, true],
    [['--secret-env', '*'], { SOME_PLACE: held }, false],
    [['--secret-env', 'VAULT_*'], { OTHER_ONE: held }, false],
  ] as const)('with %j and %j: %s', async (args, env, isKnown) => {
    const { echo, list, program } = await prepare([...args], { ...env });
    expect(await echo(`was ${held}`)).toContain(isKnown ? 'was [withheld]' : `was ${held}`);
    list(0, 1000, 5_000);
    await program.call('tokens_list', { limit: 1000 });
    expect(await echo(`was ${held}`)).toContain(isKnown ? 'was [withheld]' : `was ${held}`);
  });
});
