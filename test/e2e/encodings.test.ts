import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeAnswer, type FakeRequest, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { type Program, startProgram } from './support.ts';

const account = { id: 'a1', name: 'acme', fullname: 'Acme 🦊', labels: ['one', 'two'] };
const problem = { message: 'No such account', status: 404, detail: 'it was deleted' };
const mebibyte = 1024 * 1024;

type Encode = (body: Buffer) => Buffer;
const same: Encode = (body) => body;
const brotli: Encode = (body) =>
  brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } });

let answer: (request: FakeRequest) => FakeAnswer = () => ({ status: 404 });
let synqly: FakeSynqly;
let program: Program;
beforeAll(async () => {
  synqly = await startFakeSynqly((request) => answer(request));
  const args = ['--base-url', synqly.url, '--max-response-bytes', String(4 * mebibyte), '--confirm', 'never'];
  program = await startProgram([...args, '--timeout', '20'], { SYNQLY_TOKEN: 'token' });
});
afterAll(async () => {
  await program.close();
  synqly.close();
});

function answerWith(coding: string, encode: Encode, body: unknown, status = 200): void {
  const text = encode(Buffer.from(JSON.stringify(body)));
  answer = () => ({ status, headers: { 'content-encoding': coding }, text });
}

const codings: [string, Encode][] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZIP', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotli],
  ['identity', same],
  ['', same],
  ['identity, gzip', gzipSync],
  ['gzip, br', (body) => brotli(gzipSync(body))],
  ['br,deflate , gzip', (body) => gzipSync(deflateRawSync(brotli(body)))],
];

test('no encoding is asked for', async () => {
  answer = () => ({ json: { result: account } });
  await program.call('accounts_get', { account_id: 'a1' });
  expect(synqly.requests.at(-1)?.headers['accept-encoding']).toBe('identity');
});

describe.each(codings)('an answer encoded as %j', (coding, encode) => {
  test('is read', async () => {
    answerWith(coding, encode, { result: account });
    const { json } = await program.call('accounts_get', { account_id: 'a1' });
    expect(json).toEqual({ result: account });
  });

  test('is read where it is large', async () => {
    const notes = Array.from({ length: 24_000 }, (_, at) => `note ${at} of the account, number ${at * 7919}`);
    answerWith(coding, encode, { result: { ...account, notes } });
    const ask = { tool: 'accounts_get', arguments: { account_id: 'a1' }, cursor: 'result/notes/23999' };
    const { json } = await program.call('read_more', ask);
    expect(json.value).toBe(notes[23_999]);
  });

  test('is read when it is an error', async () => {
    answerWith(coding, encode, problem, 404);
    const { json } = await program.call('accounts_get', { account_id: 'a1' });
    expect(json.error).toMatchObject({ code: 'not_found', upstream: { message: problem.message } });
  });

  test('is read after a write', async () => {
    answerWith(coding, encode, { result: { account } });
    const { json } = await program.call('accounts_create', { name: 'acme' });
    expect(json).toEqual({ result: { account } });
  });
});

describe('an encoded answer that cannot be read', () => {
  const body = { result: { ...account, notes: 'x'.repeat(1_000) } };
  const cut =
    (encode: Encode): Encode =>
    (text) =>
      encode(text).subarray(0, -9);
  const broken: [string, string, Encode][] = [
    ['a gzip stream that is cut off', 'gzip', cut(gzipSync)],
    ['a deflate stream that is cut off', 'deflate', cut(deflateSync)],
    ['a raw deflate stream that is cut off', 'deflate', cut(deflateRawSync)],
    ['a br stream that is cut off', 'br', cut(brotli)],
    ['no gzip at all', 'gzip', same],
    ['no br at all', 'br', same],
    ['an unknown coding', 'compress', same],
    ['a name of every object', 'constructor', same],
    ['more codings than any server puts on', 'gzip, gzip, gzip, gzip, gzip', gzipSync],
    ['gzip within which is no br', 'br, gzip', gzipSync],
  ];

  test.each(broken)('is refused as invalid: %s', async (_, coding, encode) => {
    answerWith(coding, encode, body);
    const read = await program.call('accounts_get', { account_id: 'a1' });
    expect(read.json.error).toMatchObject({ code: 'invalid_response', retry: 'safe' });
    const write = await program.call('accounts_create', { name: 'acme' });
    expect(write.json.error).toMatchObject({
      code: 'invalid_response',
      retry: 'check',
      next: expect.stringContaining('was done'),
    });
    answerWith(coding, encode, problem, 404);
    const missing = await program.call('accounts_get', { account_id: 'a1' });
    expect(missing.json.error.code).toBe('not_found');
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotli],
    ['deflate', deflateSync],
    ['gzip, gzip', (text: Buffer) => gzipSync(gzipSync(text))],
  ] as [string, Encode][])('is refused when it decompresses to too much: %s', async (coding, encode) => {
    const bomb = encode(Buffer.alloc(64 * mebibyte, '[1],'));
    expect(bomb.length).toBeLessThan(mebibyte);
    answer = () => ({ headers: { 'content-encoding': coding }, text: bomb });
    const { json } = await program.call('accounts_get', { account_id: 'a1' });
    expect(json.error.code).toBe('response_too_large');
  });

  test('does not affect the next answers', async () => {
    answerWith('gzip', gzipSync, { result: account });
    const read = () => program.call('accounts_get', { account_id: 'a1' });
    for (const { json } of await Promise.all([read(), read(), read()])) expect(json.result).toEqual(account);
  });
});

test('an answer without a body is empty, whatever encoding it declares', async () => {
  answer = () => ({ status: 204, headers: { 'content-encoding': 'gzip' } });
  expect((await program.call('accounts_create', { name: 'acme' })).json).toEqual({ done: true, status: 204 });
  answer = () => ({ status: 200, headers: { 'content-encoding': 'br', 'content-length': '0' } });
  expect((await program.call('accounts_create', { name: 'acme' })).json).toEqual({ done: true, status: 200 });
});

test('pages of a list are decoded one by one', async () => {
  const rows = Array.from({ length: 150 }, (_, at) => ({
    id: `i${at}`,
    name: `n${String(at).padStart(3, '0')}`,
  }));
  answer = ({ query }) => {
    const from = rows.findIndex(({ name }) => name > (query.get('start_after') ?? '')) ?? 0;
    const page = rows.slice(from, from + Number(query.get('limit')));
    const text = gzipSync(JSON.stringify({ result: page }));
    return { headers: { 'content-encoding': 'gzip' }, text };
  };
  const { json } = await program.call('accounts_list', { limit: 150, fields: ['name'] });
  expect(json.rows.flat()).toEqual(rows.map(({ name }) => name));
});
