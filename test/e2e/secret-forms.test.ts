import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writtenForms } from '../lib/written-forms.ts';
import { type FakeAnswer, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { type Program, startProgram } from './support.ts';

/*
 * A secret that the server knows comes back in an answer, in whatever form its writer has: nothing of it leaves the server.
 */
const secrets = {
  SYNQLY_SECRET_SIGNS: 's3cr&t<b>"q"/\\é=ü+x y',
  SYNQLY_SECRET_TOKEN: 'Zq7plain-token_19abc',
  SYNQLY_SECRET_SHORT: 'pa55!',
  SYNQLY_SECRET_LINE: 'token-with-a-line-break\n',
  SYNQLY_SECRET_BEARER: 'Bearer abcDEF123ghiJKL',
  SYNQLY_SECRET_KEY:
    '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nAQEFAASCBKcwggSj\n-----END PRIVATE KEY-----\n',
};
const named = Object.entries(secrets);
let answer: FakeAnswer;
let synqly: FakeSynqly;
let program: Program;
beforeAll(async () => {
  synqly = await startFakeSynqly(() => answer);
  const args = ['--base-url', synqly.url, '--log-level', 'debug'];
  program = await startProgram(args, {
    ...secrets,
    SYNQLY_TOKEN: 'token-of-the-server',
    SYNQLY_PERMISSIONS: 'ignore',
  });
  answer = { json: { result: { id: 'credential-1', config: { type: 'token' } } } };
  for (const [name] of named) {
    const config = { type: 'token', secret: `\${env:${name}}` };
    const { isError, text } = await program.call('credentials_create', { owner_id: 'owner', config });
    expect(isError, text).toBe(false);
  }
});
afterAll(async () => {
  await program.close();
  synqly.close();
});

/** What of a text a reader would see, whose JSON is read. */
const seen = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => [name, ...seen(part)]);
};

describe.each(named)('the secret of %s', (_, secret) => {
  test.each(writtenForms(secret))('is masked as $kind', async ({ text }) => {
    const account = { id: 'a', name: 'a', fullname: `was ${text} here` };
    answer = { json: { result: { ...account, labels: [text], [text]: { [`-${text}`]: text } } } };
    const shown = await program.call('accounts_get', { account_id: 'a' });
    const problem = { message: `bad value "${text}"`, detail: text, context: { raw_error: text } };
    answer = { status: 400, json: problem, headers: { 'x-request-id': encodeURIComponent(text) } };
    const failed = await program.call('accounts_get', { account_id: 'a' });
    expect(shown.json.result.fullname).toContain('[withheld]');
    for (const one of [...seen(shown.json), ...seen(failed.json)]) {
      expect(one).not.toContain(text);
      expect(one).not.toContain(secret.trim());
    }
    expect(shown.json.result.fullname.length).toBeLessThan(40);
  });
});

test('a short secret is masked where it stands alone, not in the middle of a word', async () => {
  answer = { json: { result: { id: 'a', name: 'xpa55!', fullname: 'the pa55! word' } } };
  const { json } = await program.call('accounts_get', { account_id: 'a' });
  expect(json.result).toMatchObject({ name: 'xpa55!', fullname: 'the [withheld] word' });
});

test('field names that are masked alike stay apart', async () => {
  const { SYNQLY_SECRET_TOKEN: one, SYNQLY_SECRET_SHORT: two } = secrets;
  answer = { json: { result: { id: 'a', name: 'a', labels: { [one]: 1, [two]: 2, '[withheld]': 3 } } } };
  const { json } = await program.call('accounts_get', { account_id: 'a' });
  expect(json.result.labels).toEqual({ '[withheld] 2': 1, '[withheld] 3': 2, '[withheld]': 3 });
});

test('the log holds no secret in any form', () => {
  for (const secret of Object.values(secrets))
    for (const { text } of writtenForms(secret)) {
      expect(program.stderr()).not.toContain(text);
      expect(program.stderr()).not.toContain(JSON.stringify(text).slice(1, -1));
    }
});
