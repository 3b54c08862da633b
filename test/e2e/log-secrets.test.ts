import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeAnswer, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { builtCli, cleanEnvironment, type Program, startProgram } from './support.ts';

/*
 * What others write into the ids that the log tells, and what stands in messages and answers that cannot be read.
 */
const secret = 'argument-secret-of-one-call-8c2e';
const create = {
  owner_id: 'owner',
  config: { type: 'basic', username: 'svc', secret },
};
let answer: FakeAnswer;
let synqly: FakeSynqly;
let program: Program;
beforeAll(async () => {
  synqly = await startFakeSynqly(() => answer);
  program = await startProgram(['--base-url', synqly.url, '--log-level', 'debug'], {
    SYNQLY_TOKEN: 'token-of-the-server',
    SYNQLY_PERMISSIONS: 'ignore',
  });
});
afterAll(async () => {
  await program.close();
  synqly.close();
});

const lines = () =>
  program
    .stderr()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

const forms = [
  ['in clear', secret],
  ['in base64 of user and secret', Buffer.from(`svc:${secret}`).toString('base64')],
  ['in a URL', `urn:req?x=${secret.replaceAll('-', '%2d')}`],
] as const;

test.each(forms)(
  'a request id that holds a secret of the call %s is masked in log and result',
  async (_, id) => {
    for (const [status, headers, json] of [
      [200, { 'x-request-id': id }, { result: { id: 'c', config: { type: 'basic' } } }],
      [400, { 'x-request-id': id }, { message: 'no' }],
      [400, {}, { message: 'no', instance: id }],
      [503, {}, { message: 'no', instance: id }],
    ] as const) {
      answer = { status, headers, json };
      const before = program.stderr().length;
      const { text } = await program.call('credentials_create', create);
      await expect.poll(() => program.stderr().slice(before)).toContain('"msg":"call"');
      expect(text + program.stderr()).not.toContain(id);
      expect(text + program.stderr()).not.toContain(secret);
      const told = lines().findLast(({ msg }) => msg === 'call').request_id;
      expect(told).toContain('[withheld]');
    }
  },
);

test('a request id that is too long is replaced', async () => {
  const long = `x${'long-id-'.repeat(500)}`;
  for (const [headers, json] of [
    [{ 'x-request-id': long }, { message: 'no' }],
    [{}, { message: 'no', instance: long }],
  ] as const) {
    answer = { status: 400, headers, json };
    const { json: shown } = await program.call('accounts_get', { account_id: 'a' });
    expect(shown.error.request_id).toBe('[too long for an id]');
    await expect
      .poll(() => lines().findLast(({ msg }) => msg === 'call').request_id)
      .toBe('[too long for an id]');
  }
  expect(program.stderr()).not.toContain('long-id-long-id');
});

test('a broken answer is reported without its content, large or small', async () => {
  const word = 'content-of-the-answer';
  for (const text of [
    `{"result":"${word}`,
    `${word} and more`,
    `{"result":[${`"${word}",`.repeat(100_000)}x]}`,
    `{"result":"${word.repeat(100_000)}`,
    `${word.repeat(100_000)}`,
  ]) {
    answer = { text };
    const { json, text: told } = await program.call('accounts_get', { account_id: 'a' });
    expect(json.error.code).toBe('invalid_response');
    expect(told).not.toMatch(/content-of|of-the-ans/);
  }
  expect(program.stderr()).not.toMatch(/content-of|of-the-ans/);
});

test('lines on stdin that are no messages are logged without their content', async () => {
  const child = spawn(process.execPath, [builtCli, '--base-url', synqly.url, '--log-level', 'debug'], {
    env: cleanEnvironment({ SYNQLY_TOKEN: 'token-of-the-server', SYNQLY_PERMISSIONS: 'ignore' }),
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (written += chunk));
  const word = 'pasted-by-a-person';
  const texts = [
    `${word} hunter2`,
    `{"jsonrpc":"2.0","id":1,"method":"ping","${word}`,
    `["${word}"`,
    `"${word}"`,
    `{"${word}":1}`,
    `{"jsonrpc":"2.0","id":2,"result":"${word}"}`,
    `{"jsonrpc":"2.0","id":3,"method":["${word}"]}`,
  ];
  child.stdin.write(`${texts.join('\n')}\n`);
  child.stdin.write(Buffer.concat([Buffer.from(word), Buffer.from([0xff, 0xfe, 0x0a])]));
  child.stdin.write(`{"jsonrpc":"2.0","id":"last","method":"ping"}\n`);
  await expect.poll(() => written).toContain('"last"');
  child.stdin.end();
  await new Promise((resolve) => child.once('exit', resolve));
  expect(written).toContain('could not parse a message');
  expect(written).not.toContain(word);
});
