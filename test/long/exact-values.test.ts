import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/start.ts';
import { type FakeAnswer, type FakeRequest, type FakeSynqly, startFakeSynqly } from '../e2e/fake-synqly.ts';
import { type RawProgram, startRawBridge, startRawHttp, startRawStdio } from '../e2e/raw-calls.ts';
import { jsonObjectText } from '../lib/json-texts.ts';

/** Numbers of JSON that a JavaScript number would change. */
const numbers = [
  '9007199254740993',
  '-9007199254740993',
  '18446744073709551615',
  '123456789012345678901234567890',
  '0.1000000000000000055511151231257827',
  '5.00000000000000000001',
  '3.141592653589793238462643383279',
  '1e400',
  '-1.5E+999',
  '1e-400',
  '4.9406564584124654417656879286822137e-324',
];
const list = `[${numbers.join(',')}]`;

let answer: (request: FakeRequest) => FakeAnswer = () => ({ status: 404 });
let synqly: FakeSynqly;
beforeAll(async () => {
  synqly = await startFakeSynqly((request) => answer(request));
});
afterAll(() => synqly.close());

/** Bodies that were sent by a method. */
const sent = (method: string) =>
  synqly.requests.filter((one) => one.method === method).map(({ body }) => body);

const flags = () => ['--base-url', synqly.url, '--confirm', 'never'];
const doors: [string, () => Promise<RawProgram>][] = [
  ['stdio', () => startRawStdio(flags())],
  ['HTTP', () => startRawHttp(flags(), false)],
  ['HTTP with sessions', () => startRawHttp(flags(), true)],
  ['a bridge', () => startRawBridge(flags())],
  ['the compact surface', async () => compactly(await startRawStdio([...flags(), '--surface', 'compact']))],
];

/** Runs operations by the compact surface's own tools. */
function compactly(program: RawProgram): RawProgram {
  const runner = (tool: string) => (/_(get|list|apply)/.test(tool) ? 'run_read' : 'run_write');
  return {
    ...program,
    call: (tool, args) => program.call(runner(tool), `{"operation":"${tool}","arguments":${args}}`),
  };
}

describe.each(doors)('over %s', (_, start) => {
  let program: RawProgram;
  beforeAll(async () => {
    program = await start();
  });
  afterAll(() => program.close());

  test.each(numbers)('%s of an answer keeps its digits', async (number) => {
    answer = () => ({ text: `{"result":{"id":"a1","seen":${number},"deep":{"of":[1,${number}]}}}` });
    const { text } = await program.call('accounts_get', '{"account_id":"a1"}');
    expect(text).toBe(`{"result":{"id":"a1","seen":${number},"deep":{"of":[1,${number}]}}}`);
  });

  test('numbers of rows keep their digits and stay numbers', async () => {
    answer = () => ({
      text: `{"result":[{"name":"a","n":9007199254740993},{"name":"b","n":"9007199254740993"}]}`,
    });
    const { text } = await program.call('members_list', '{"fields":["name","n"]}');
    expect(text).toContain('[["a",9007199254740993],["b","9007199254740993"]]');
  });

  test.each(numbers)('%s of an argument keeps its digits', async (number) => {
    answer = () => ({ json: { result: {} } });
    synqly.requests.length = 0;
    const data = `{"n":${number},"deep":{"of":[1,${number}]}}`;
    const { isError } = await program.call('mappings_apply', `{"mappings":["m"],"data":${data}}`);
    expect(isError).toBe(false);
    expect(sent('POST')).toEqual([`{"mappings":["m"],"data":${data}}`]);
  });

  test('arguments sent as text keep their digits', async () => {
    answer = () => ({ json: { result: {} } });
    synqly.requests.length = 0;
    const text = JSON.stringify(`{"of":${list}}`);
    await program.call('mappings_apply', `{"mappings":["m"],"data":${text}}`);
    expect(sent('POST')).toEqual([`{"mappings":["m"],"data":{"of":${list}}}`]);
  });

  test('an update keeps unknown fields unchanged', async () => {
    const rest = `"unknown":9007199254740993,"all":${list},"__proto__":{"kept":9007199254740993}`;
    answer = () => ({ text: `{"result":{"id":"a1","name":"acme","fullname":"A",${rest}}}` });
    synqly.requests.length = 0;
    await program.call('accounts_update', '{"account_id":"a1","fullname":"B"}');
    expect(sent('PUT')).toEqual([`{"id":"a1","name":"acme","fullname":"B",${rest}}`]);
  });

  test('a number that has more digits than a field takes is refused in plain words', async () => {
    synqly.requests.length = 0;
    for (const limit of ['9007199254740993', '10.00000000000000000001', '1e400']) {
      const { text, isError } = await program.call('accounts_list', `{"limit":${limit}}`);
      expect(isError).toBe(true);
      expect(JSON.parse(text).error).toMatchObject({
        code: 'invalid_arguments',
        arguments: [{ argument: 'limit', problem: 'has too many digits' }],
      });
    }
    expect(synqly.requests).toEqual([]);
  });

  test.each(['account_id', 'fullname', 'labels'])(
    'a number is not accepted in place of another type: %s',
    async (name) => {
      const { text } = await program.call(
        'accounts_update',
        `{"account_id":"a1","${name}":9007199254740993}`,
      );
      expect(JSON.parse(text).error.code).toBe('invalid_arguments');
    },
  );

  test('a number is not accepted in place of an open object', async () => {
    const { text } = await program.call('mappings_apply', `{"mappings":["m"],"data":9007199254740993}`);
    expect(JSON.parse(text).error.code).toBe('invalid_arguments');
  });

  test.each([
    ['mappings_apply', '{"mappings":["m"],"data":DATA}', '{"mappings":["m"],"data":DATA}'],
    [
      'integrations_create',
      '{"account_id":"a1","provider_config":{"type":"siem_mock_siem","url":DATA}}',
      '{"provider_config":{"type":"siem_mock_siem","url":DATA}}',
    ],
    [
      'integrations_create',
      '{"account_id":"a1","provider_config":{"type":"siem_mock_siem","__proto__":DATA}}',
      '{"provider_config":{"type":"siem_mock_siem","__proto__":DATA}}',
    ],
    [
      'credentials_create',
      '{"owner_id":"a1","owner_type":"account","config":{"type":"o_auth_client","client_id":"c","client_secret":"s3cr3t-value","extra":DATA}}',
      '"extra":DATA',
    ],
    [
      'accounts_patch',
      '{"account_id":"a1","patch":[{"op":"add","path":"/x","value":DATA}]}',
      '[{"op":"add","path":"/x","value":DATA}]',
    ],
  ])('a key __proto__ is data, as is any other: %s %s', async (tool, args, body) => {
    answer = () => ({ json: { result: {} } });
    const datas = [
      '{"__proto__":{"admin":true}}',
      '{"__proto__":9007199254740993,"a":1}',
      '{"a":[{"__proto__":"text"}],"constructor":{"prototype":{"x":1}}}',
    ];
    for (const data of datas) {
      synqly.requests.length = 0;
      const { text, isError } = await program.call(tool, args.replace('DATA', data));
      expect(isError, text).toBe(false);
      expect(sent(tool.endsWith('patch') ? 'PATCH' : 'POST')[0]).toContain(body.replace('DATA', data));
    }
  });

  test.each([
    ['accounts_get', '{"account_id":"a1","__proto__":{"x":1}}'],
    ['accounts_get', '{"__proto__":{"account_id":"a1"}}'],
  ])('a key __proto__ is refused as an argument: %s %s', async (tool, args) => {
    synqly.requests.length = 0;
    const { text } = await program.call(tool, args);
    expect(JSON.parse(text).error).toMatchObject({ code: 'invalid_arguments' });
    expect(text).toContain('__proto__');
    expect(synqly.requests).toEqual([]);
  });

  test('an object that imitates an exact number stays an object', async () => {
    const odd = '{"isLosslessNumber":true,"value":"1","text":"2","toJSON":"3"}';
    answer = () => ({ text: `{"result":{"id":"a1","odd":${odd},"real":9007199254740993}}` });
    const { text } = await program.call('accounts_get', '{"account_id":"a1"}');
    expect(text).toBe(`{"result":{"id":"a1","odd":${odd},"real":9007199254740993}}`);
  });
});

describe('any value', () => {
  let program: RawProgram;
  beforeAll(async () => {
    program = await startRawStdio([...flags(), '--max-result-tokens', '100000']);
  });
  afterAll(() => program.close());

  test('is sent to the API and returned unchanged', async () => {
    answer = ({ body }) => ({ text: `{"result":${body.slice('{"mappings":["m"],"data":'.length, -1)}}` });
    await fc.assert(
      fc.asyncProperty(jsonObjectText, async ({ text, shown = '{}' }) => {
        synqly.requests.length = 0;
        const result = await program.call('mappings_apply', `{"mappings":["m"],"data":${text}}`);
        expect(sent('POST')).toEqual([`{"mappings":["m"],"data":${text}}`]);
        expect(result.text).toBe(`{"result":${shown}}`);
      }),
      { numRuns: 200 },
    );
  });

  test('is stored in a configuration and read back unchanged', async () => {
    let stored = '';
    answer = ({ method, body }) => {
      if (method === 'POST') stored = body;
      return { text: method === 'POST' ? `{"result":{"integration":${body}}}` : `{"result":${stored}}` };
    };
    await fc.assert(
      fc.asyncProperty(jsonObjectText, async ({ text, shown }) => {
        const config = (inside: string | undefined) =>
          `"provider_config":{"type":"siem_mock_siem"${inside === undefined ? '' : `,"data":${inside}`}}`;
        await program.call('integrations_create', `{"account_id":"a1",${config(text)}}`);
        expect(stored).toBe(`{${config(text)}}`);
        const read = await program.call('integrations_get', '{"account_id":"a1","integration_id":"i1"}');
        expect(read.text).toBe(`{"result":{${config(shown)}}}`);
      }),
      { numRuns: 100 },
    );
  });
});

test('the sandbox stores a key __proto__ as any other', async () => {
  const sandbox = await startSandbox();
  const program = await startRawStdio(
    ['--base-url', sandbox.baseUrl, '--confirm', 'never', '--max-result-tokens', '100000'],
    sandbox.token,
  );
  const data = '{"__proto__":{"a":1},"b":{"constructor":{"prototype":{"c":2}}}}';
  const applied = await program.call('mappings_apply', `{"mappings":["builtin:identity"],"data":${data}}`);
  expect(applied.text).toContain(data);
  await program.close();
  await sandbox.close();
});

describe('results made from answers', () => {
  let program: RawProgram;
  beforeAll(async () => {
    program = await startRawStdio([...flags(), '--max-result-tokens', '2000']);
  });
  afterAll(() => program.close());

  const account = (rest: string) => `{"result":{"id":"a1","name":"acme","fullname":"A",${rest}}}`;

  test('a preview shows digits, and keys such as __proto__', async () => {
    answer = () => ({ text: account('"n":9007199254740993,"__proto__":{"a":1},"constructor":{"b":2}') });
    const patch =
      '[{"op":"replace","path":"/n","value":9007199254740995},{"op":"test","path":"/n","value":9007199254740995},' +
      '{"op":"replace","path":"/__proto__/a","value":9007199254740997},{"op":"add","path":"/constructor/c","value":{"__proto__":3}}]';
    const args = `{"tool":"accounts_patch","arguments":{"account_id":"a1","patch":${patch}}}`;
    const { text } = await program.call('preview_call', args);
    expect(text).toContain(`"body":${patch}`);
    expect(text).toContain('{"path":"/n","from":9007199254740993,"to":9007199254740995}');
    expect(text).toContain('{"path":"/__proto__/a","from":1,"to":9007199254740997}');
    expect(text).toContain('{"path":"/constructor/c","to":{"__proto__":3}}');
  });

  test('a patch that tests for another number fails', async () => {
    answer = () => ({ text: account('"n":9007199254740993') });
    const patch = '[{"op":"test","path":"/n","value":9007199254740992}]';
    const args = `{"tool":"accounts_patch","arguments":{"account_id":"a1","patch":${patch}}}`;
    expect((await program.call('preview_call', args)).text).toContain('cannot be applied');
  });

  test('an undo restores all digits', async () => {
    const labels = (number: string) => account(`"labels":[${number}]`);
    answer = ({ method }) => ({ text: labels(method === 'GET' ? '9007199254740993' : '1') });
    const { text } = await program.call('accounts_update', '{"account_id":"a1","labels":["x"]}');
    expect(text).toContain('{"op":"replace","path":"/labels","value":[9007199254740993]}');
  });

  test('a delete returns the deleted object with all digits', async () => {
    answer = ({ method }) => (method === 'GET' ? { text: account('"n":9007199254740993') } : {});
    const { text } = await program.call('accounts_delete', '{"account_id":"a1"}');
    expect(text).toContain('"n":9007199254740993');
  });

  test('a confirmation is valid only for the digits that were confirmed', async () => {
    const careful = await startRawStdio(['--base-url', synqly.url, '--confirm', 'change']);
    const read = (number: string) => () => ({ text: account(`"n":${number}`) });
    answer = read('9007199254740993');
    const asked = await careful.call('accounts_update', '{"account_id":"a1","fullname":"B"}');
    const { id } = JSON.parse(asked.text).error.confirmation;
    answer = read('9007199254740992');
    synqly.requests.length = 0;
    const { text } = await careful.call('confirm_call', `{"id":"${id}"}`);
    await careful.close();
    expect(JSON.parse(text).error.code).toBe('object_changed');
    expect(sent('PUT')).toEqual([]);
  });

  test('columns that hold a number and the same digits as text differ', async () => {
    answer = () => ({
      text: '{"result":[{"name":"a","n":"9007199254740993"},{"name":"b","n":9007199254740993}]}',
    });
    const { text } = await program.call('members_list', '{"fields":["name","n"]}');
    expect(JSON.parse(text).same).toBeUndefined();
  });

  test('a long number is cut as a text is', async () => {
    const digits = '123456789'.repeat(2_000);
    answer = () => ({ text: account(`"n":${digits}`) });
    const { text } = await program.call('accounts_get', '{"account_id":"a1"}');
    const part = await program.call(
      'read_more',
      '{"tool":"accounts_get","arguments":{"account_id":"a1"},"cursor":"result/n"}',
    );
    expect(text).toContain('result/n');
    expect(JSON.parse(part.text).value.$text).toMatch(/^(123456789)+/);
  });

  test('a large answer that is read lazily keeps digits', async () => {
    const filler = JSON.stringify(
      Array.from({ length: 40_000 }, (_, at) => `${at} of many more notes than fit`),
    );
    answer = () => ({ text: account(`"notes":${filler},"of":${list},"deep":{"n":9007199254740993}`) });
    const ask = (part: string) =>
      program.call('read_more', `{"tool":"accounts_get","arguments":{"account_id":"a1"},"cursor":"${part}"}`);
    expect((await ask('result/of')).text).toContain(`"value":${list}`);
    expect((await ask('result/deep/n')).text).toContain('"value":9007199254740993');
  });

  test('digits that are a secret are withheld', async () => {
    const token = '482916573029184756';
    answer = () => ({ text: account(`"n":${token},"m":9007199254740993`) });
    const own = await startRawStdio(flags(), token);
    const { text } = await own.call('accounts_get', '{"account_id":"a1"}');
    await own.close();
    expect(text).not.toContain(token);
    expect(text).toContain('"m":9007199254740993');
  });
});

describe('updated_at', () => {
  let program: RawProgram;
  beforeAll(async () => {
    program = await startRawStdio(flags());
  });
  afterAll(() => program.close());

  const update = async (actual: string | undefined, expected: string) => {
    answer = () => ({ json: { result: { id: 'a1', name: 'acme', updated_at: actual } } });
    synqly.requests.length = 0;
    const { text } = await program.call(
      'accounts_update',
      JSON.stringify({ account_id: 'a1', fullname: 'B', updated_at: expected }),
    );
    return { code: JSON.parse(text).error?.code, sent: sent('PUT').length };
  };
  const day = '2026-03-01T10:20:';

  test.each([
    [`${day}07.123456789Z`, `${day}07.123456789Z`],
    [`${day}07.1Z`, `${day}07.100Z`],
    [`${day}07.100000000000Z`, `${day}07.1Z`],
    [`${day}07Z`, `${day}07.000Z`],
    [`${day}07+00:00`, `${day}07Z`],
    [`${day}07-00:00`, `${day}07Z`],
    [`${day}07.5+02:00`, '2026-03-01T08:20:07.50Z'],
    ['2026-03-01T00:20:07.123456789+01:30', '2026-02-28T22:50:07.123456789Z'],
    [`${day}07.123456789Z`.toLowerCase(), `${day}07.123456789Z`],
    [`${day}07.123456789Z`, `"${day}07.123456789Z"`],
    [`${day}07.123456789Z`, ` ${day}07.123456789Z\n`],
    ['as it is', 'as it is'],
  ])('%s is the same time as %s', async (actual, expected) => {
    expect(await update(actual, expected)).toEqual({ code: undefined, sent: 1 });
  });

  test.each([
    [`${day}07.123456789Z`, `${day}07.123111111Z`],
    [`${day}07.123456789Z`, `${day}07.123Z`],
    [`${day}07.123456789Z`, `${day}07.123456788Z`],
    [`${day}07.123456789Z`, `${day}07.1234567891Z`],
    [`${day}07Z`, `${day}08Z`],
    [`${day}07+01:00`, `${day}07Z`],
    [`${day}07Z`, `${day}07`],
    ['2026-03-02T00:00:00Z', '2026-02-30T00:00:00Z'],
    ['2026-03-01T00:00:00Z', '2026-02-28T24:00:00Z'],
    [`${day}07Z`, 'yesterday'],
    [`${day}07Z`, ''],
    [`${day}07.123456789Z`, `"${day}07.123456788Z"`],
    ['soon', 'later'],
    ['', ' '],
    [undefined, 'undefined'],
    [undefined, `${day}07Z`],
  ])('%s is another time than %s', async (actual, expected) => {
    expect(await update(actual, expected)).toEqual({ code: 'stale_object', sent: 0 });
  });

  test('a text that is no time does not count as a changed object', async () => {
    answer = () => ({ json: { result: { id: 'a1', name: 'acme', updated_at: `${day}07Z` } } });
    const args = { account_id: 'a1', fullname: 'B', updated_at: 'yesterday' };
    const { text } = await program.call('accounts_update', JSON.stringify(args));
    const { message, next } = JSON.parse(text).error;
    expect(message).toContain('is not a time');
    expect(`${message} ${next}`).not.toContain('has changed');
  });
});
