import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeAnswer, type FakeRequest, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { canary, type Program, startProgram } from './support.ts';

const account = { id: 'a1', name: 'acme', fullname: 'Acme' };
const filler = Array.from(
  { length: 7_000 },
  (_, at) => `note ${at} of this account, which is long enough to count`,
);

let answer: (request: FakeRequest) => FakeAnswer = () => ({ status: 404 });
let synqly: FakeSynqly;
let program: Program;
beforeAll(async () => {
  synqly = await startFakeSynqly((request) => answer(request));
  const args = ['--base-url', synqly.url, '--confirm', 'never', '--timeout', '20'];
  program = await startProgram(args, { SYNQLY_TOKEN: canary });
});
afterAll(async () => {
  await program.close();
  synqly.close();
});

const nested = (levels: number, inside = '1') =>
  `${'{"a":['.repeat(levels / 2)}${inside}${']}'.repeat(levels / 2)}`;
const lists = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

/** Texts that are no JSON, some of them only in their second megabyte. */
const megabytes = (end: string) => {
  const notes = JSON.stringify([...filler, ...filler, ...filler]);
  return `{"result":{"id":"a1","name":"acme","notes":${notes},${end}`;
};
const broken: [string, string][] = [
  ['is cut off', `{"result":{"id":"a1","name":"ac`],
  ['lacks its end', `{"result":{"id":"a1"}`],
  ['goes on behind its end', `{"result":{"id":"a1"}} x`],
  ['has a comma too many', `{"result":{"id":"a1",}}`],
  ['has a control character in a text', `{"result":{"id":"a\n1"}}`],
  ['has an escape that there is not', `{"result":{"id":"\\x41"}}`],
  ['has a number that is none', `{"result":{"id":01}}`],
  ['has half a literal', `{"result":{"id":nul}}`],
  ['is cut off in its second megabyte', megabytes(`"more":"${canary}`)],
  ['holds no value in its second megabyte', megabytes(`"more":[${canary}]}}`)],
  ['holds a bad escape in its second megabyte', megabytes(`"more":"${canary}\\q"}}`)],
  ['holds a control character in its second megabyte', megabytes(`"more":"${canary}\u0001"}}`)],
  ['holds a bad number in its second megabyte', megabytes(`"more":[1,2.,3]}}`)],
  ['holds a bad literal in its second megabyte', megabytes(`"more":[trve]}}`)],
  ['lacks a colon in its second megabyte', megabytes(`"more" "x"}}`)],
  ['closes what is not open in its second megabyte', megabytes(`"more":["x"}}]`)],
  ['goes on behind its end in its second megabyte', megabytes(`"more":1}}}`)],
  ['is nested 5,000 levels deep', `{"result":${nested(5_000)}}`],
  ['is nested 500,000 levels deep', `{"result":${lists(200_000)}}`],
  ['is nested 5,000 levels deep in its second megabyte', megabytes(`"more":${nested(5_000)}}}`)],
  ['is nested a million levels deep and large', `{"result":${lists(1_000_000)}}`],
  ['is nested 501 levels deep', `{"result":${lists(500)}}`],
];

/** No words of a parser, none of the answer, and no secret. */
function expectPlain(text: string): void {
  expect(text).not.toContain(canary);
  expect(text).not.toContain(canary.slice(0, 12));
  expect(text).not.toMatch(
    /SyntaxError|RangeError|Unexpected|position|call stack|is not valid JSON|internal error of this server/,
  );
}

describe.each(broken)('an answer that %s', (_, text) => {
  test('fails a read as invalid_response, whatever part is asked for', async () => {
    answer = () => ({ text });
    const calls: [string, object][] = [
      ['accounts_get', { account_id: 'a1' }],
      ['meta_engineOpenapiSpec', { search: 'acme' }],
      ['read_more', { tool: 'accounts_get', arguments: { account_id: 'a1' }, cursor: 'result/id' }],
    ];
    for (const [name, args] of calls) {
      const { json, text: told } = await program.call(name, { ...args });
      expect(json.error).toMatchObject({ code: 'invalid_response', retry: 'safe', status: 200 });
      expectPlain(told);
    }
  });

  test('fails a resource read in plain words', async () => {
    answer = () => ({ text });
    for (const uri of [
      'synqly://status/timeseries',
      'synqly://status/a/b/timeseries',
      'synqly://openapi/engine',
    ]) {
      const error = await program.client.readResource({ uri }).catch((reason) => reason);
      expect(error.data).toMatchObject({ error: { code: 'invalid_response' } });
      expectPlain(`${error.message} ${JSON.stringify(error.data)}`);
    }
  });

  test('to a write is reported as done but unreadable', async () => {
    answer = ({ method }) => (method === 'GET' ? { json: { result: account } } : { text });
    const calls: [string, object][] = [
      ['accounts_create', { name: 'acme' }],
      ['accounts_update', { account_id: 'a1', fullname: 'B' }],
      ['accounts_patch', { account_id: 'a1', patch: [{ op: 'remove', path: '/fullname' }] }],
    ];
    for (const [name, args] of calls) {
      const { json, text: told } = await program.call(name, { ...args });
      expect(json.error, name).toMatchObject({
        code: 'invalid_response',
        retry: 'check',
        next: expect.stringContaining('was done'),
      });
      expectPlain(told);
    }
  });

  test('with an error status keeps the error code of that status', async () => {
    answer = () => ({ status: 409, text });
    const { json, text: told } = await program.call('accounts_create', { name: 'acme' });
    expect(json.error.code).toBe('conflict');
    expectPlain(told);
  });
});

test('an answer that cannot be read before a change stops it, and says that nothing was sent', async () => {
  for (const text of ['{"result":{', `{"result":${nested(5_000)}}`, '{}', '{"result":{}}', '{"result":[]}']) {
    answer = () => ({ text });
    synqly.requests.length = 0;
    const { json } = await program.call('accounts_update', { account_id: 'a1', fullname: 'B' });
    expect(json.error).toMatchObject({ code: 'invalid_response', retry: 'safe' });
    expect(synqly.requests.every(({ method }) => method === 'GET')).toBe(true);
  }
});

test('a delete needs no body: what is there is not read', async () => {
  for (const text of ['OK', '{', `{"result":${nested(5_000)}}`, '"gone"', '[]', '{"result":null}']) {
    answer = ({ method }) => (method === 'GET' ? { json: { result: account } } : { text });
    const { isError, json } = await program.call('accounts_delete', { account_id: 'a1' });
    expect(isError, text.slice(0, 40)).toBe(false);
    expect(json).toMatchObject({ done: true, status: 200, deleted: account });
  }
});

describe('500 levels of nesting are read', () => {
  // Beside the two levels of `result` and its object.
  const deep = (value: number) => nested(498, String(value));
  const small = (value: number) => `{"result":{"id":"a1","name":"acme","labels":${deep(value)}}}`;
  const large = (value: number) => megabytes(`"labels":${deep(value)}}}`);

  test.each([
    ['small', small],
    ['large', large],
  ])('of a %s answer', async (_, text) => {
    answer = ({ method }) => ({ text: text(method === 'GET' ? 1 : 2) });
    const part = `result/labels/${'a/0/'.repeat(249)}`.slice(0, -1);
    const read = { tool: 'accounts_get', arguments: { account_id: 'a1' }, cursor: part };
    expect((await program.call('read_more', read)).json.value).toBe(1);
    const { contents } = await program.client.readResource({ uri: 'synqly://status/timeseries' });
    expect((contents[0] as { text: string }).text).toBe(text(1));
    const patch = [{ op: 'add', path: '/fullname', value: 'B' }];
    const writes: [string, Record<string, unknown>][] = [
      ['accounts_update', { account_id: 'a1', fullname: 'B' }],
      ['accounts_patch', { account_id: 'a1', patch }],
      ['accounts_delete', { account_id: 'a1' }],
    ];
    for (const [tool, args] of writes) {
      const { json } = await program.call('preview_call', { tool, arguments: args });
      expect(json.error, tool).toBeUndefined();
      expect((await program.call(tool, args)).json.error, tool).toBeUndefined();
    }
  });
});

describe('JSON of another shape', () => {
  const wrong = [
    '{}',
    '{"result":null}',
    '[]',
    '"text"',
    '{"result":[]}',
    '{"result":"text"}',
    '1',
    'null',
    '{"id":"a1"}',
  ];
  const gets: [string, Record<string, unknown>][] = [
    ['accounts_get', { account_id: 'a' }],
    ['organization_get', {}],
    ['integrations_get', { account_id: 'a', integration_id: 'i' }],
    ['status_get', { account_id: 'a', integration_id: 'i' }],
    ['status_get_timeseries', {}],
    ['credentials_lookup', { credential_id: 'c' }],
    ['mappings_apply', { mappings: ['m'], data: {} }],
    ['capabilities_get_provider', { provider_id: 'p' }],
    ['permissionset_get', { permissionset_id: 'administrator' }],
  ];

  test.each(wrong.flatMap((text) => gets.map(([name, args]) => [text, name, args] as const)))(
    '%s is no answer to %s',
    async (text, name, args) => {
      answer = () => ({ text });
      const { json } = await program.call(name, args);
      expect(json.error).toMatchObject({ code: 'invalid_response', retry: 'safe', status: 200 });
    },
  );

  test.each([...wrong.filter((text) => text !== '{"result":[]}'), '{"result":{}}'])(
    '%s is no list of providers or connectors',
    async (text) => {
      answer = () => ({ text });
      for (const name of ['capabilities_list_providers', 'capabilities_list_connectors']) {
        expect((await program.call(name)).json.error).toMatchObject({
          code: 'invalid_response',
          retry: 'safe',
        });
      }
    },
  );

  test.each(wrong)('%s is no OpenAPI document, nor a resource', async (text) => {
    answer = () => ({ text });
    const { json } = await program.call('meta_managementOpenapiSpec');
    expect(json.error).toMatchObject({ code: 'invalid_response' });
    for (const uri of [
      'synqly://openapi/management',
      'synqly://status/timeseries',
      'synqly://status/a/i/timeseries',
    ]) {
      const error = await program.client.readResource({ uri }).catch((reason) => reason);
      expect(error.data).toMatchObject({ error: { code: 'invalid_response' } });
    }
  });

  test.each(['{"result":{}}', '{"result":{"id":null,"name":null}}'])('%s is no object', async (text) => {
    answer = () => ({ text });
    for (const [name, args] of [
      ['accounts_get', { account_id: 'a1' }],
      ['status_get', { account_id: 'a1', integration_id: 'i1' }],
      ['organization_get', {}],
    ] as const) {
      const { json } = await program.call(name, args);
      expect(json.error, name).toMatchObject({ code: 'invalid_response', retry: 'safe', status: 200 });
    }
  });

  test.each(['{}', '{"result":null}', '{"result":{}}', ''])(
    'a write answered with %j is reported as done',
    async (text) => {
      answer = ({ method }) => (method === 'GET' ? { json: { result: account } } : { text });
      const create = await program.call('accounts_create', { name: 'acme' });
      expect(create).toMatchObject({ isError: false, json: { done: true, status: 200 } });
      const update = await program.call('accounts_update', { account_id: 'a1', fullname: 'B' });
      expect(update).toMatchObject({ isError: false, json: { done: true, status: 200 } });
    },
  );

  test.each(['[]', '"text"', '{"result":[]}', '{"result":"text"}', '1'])(
    'a write answered with %s is reported as done but unreadable',
    async (text) => {
      answer = ({ method }) => (method === 'GET' ? { json: { result: account } } : { text });
      const calls: [string, Record<string, unknown>][] = [
        ['accounts_create', { name: 'acme' }],
        ['accounts_update', { account_id: 'a1', fullname: 'B' }],
      ];
      for (const [name, args] of calls) {
        expect((await program.call(name, args)).json.error).toMatchObject({
          code: 'invalid_response',
          retry: 'check',
          next: expect.stringContaining('was done'),
        });
      }
    },
  );

  test('a verification answers with messages, or with nothing', async () => {
    const args = { account_id: 'a', provider_config: { type: 'siem_mock_siem' } };
    for (const text of ['', '{}', '{"messages":{"problems":[]}}']) {
      answer = () => ({ text });
      expect((await program.call('integrations_verify', args)).isError).toBe(false);
    }
    answer = () => ({ text: '"fine"' });
    expect((await program.call('integrations_verify', args)).json.error.code).toBe('invalid_response');
  });
});
