import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  type Door,
  doors,
  initialize,
  messagesIn,
  type RawProgram,
  startRaw,
} from '../e2e/doors.ts';
import { type HttpProgram, startHttpProgram } from '../e2e/http-support.ts';

/** Words of a validation library, of code, or of a stack. */
const notPlain =
  /invalid_type|Invalid input|expected|received|ZodError|\n\s+at |undefined|Unexpected token|"code":/;

const whole = (message: object) => JSON.stringify({ jsonrpc: '2.0', ...message });
const call = (args: unknown, more: object = {}) => ({
  method: 'tools/call',
  params: { name: 'accounts_list', arguments: args, ...more },
});

type Check = (answer: Answer) => void;

const served: Check = (answer) => expect(answer).toHaveProperty('result');
const rows =
  (count: number): Check =>
  (answer) => {
    const text = answer.result?.content?.[0]?.text ?? JSON.stringify(answer);
    expect(JSON.parse(text).rows, text).toHaveLength(count);
  };
const refused =
  (code: number, words: RegExp): Check =>
  (answer) => {
    expect(answer.error).toMatchObject({ code, message: expect.stringMatching(words) });
    expect(answer.error.message).not.toMatch(notPlain);
  };

const timeseries = 'synqly://status/{account_id}/{integration_id}/timeseries';
const complete = (params: object) => ({
  method: 'completion/complete',
  params: {
    ref: { type: 'ref/resource', uri: timeseries },
    argument: { name: 'account_id', value: '' },
    ...params,
  },
});

/** Messages with an id, beside what is answered to them. Nothing here is asked by a well-behaved client. */
const answered: readonly (readonly [what: string, message: object, check: Check])[] = [
  ['params: null', { method: 'ping', params: null }, served],
  ['params: null of a list', { method: 'tools/list', params: null }, served],
  ['an empty list for params', { method: 'ping', params: [] }, served],
  [
    'params that are a list',
    { method: 'tools/list', params: [1] },
    refused(-32_602, /params must be an object/),
  ],
  ['params that are a text', { method: 'tools/call', params: 'x' }, refused(-32_602, /params must be/)],
  ['no params of a call', { method: 'tools/call' }, refused(-32_602, /name must be a string/)],
  [
    'params: null of a call',
    { method: 'tools/call', params: null },
    refused(-32_602, /name must be a string/),
  ],
  ['a member that is unknown', { method: 'ping', extra: 1, meta: {} }, served],
  ['cursor: null', { method: 'tools/list', params: { cursor: null } }, served],
  ['cursor: null of resources', { method: 'resources/list', params: { cursor: null } }, served],
  ['cursor: null of templates', { method: 'resources/templates/list', params: { cursor: null } }, served],
  [
    'a cursor that is a number',
    { method: 'tools/list', params: { cursor: 3 } },
    refused(-32_602, /cursor must be/),
  ],
  ['_meta: null', { method: 'tools/list', params: { _meta: null } }, served],
  [
    '_meta that is a text',
    { method: 'tools/list', params: { _meta: 'x' } },
    refused(-32_602, /_meta must be/),
  ],
  ['progressToken: null', call({ limit: 1 }, { _meta: { progressToken: null } }), rows(1)],
  ['a progressToken that is none', call({ limit: 1 }, { _meta: { progressToken: { a: 1 } } }), rows(1)],
  [
    'a related task that is none',
    call({ limit: 1 }, { _meta: { 'io.modelcontextprotocol/related-task': 7 } }),
    rows(1),
  ],
  ['a task, though none are offered', call({ limit: 1 }, { task: { ttl: 60_000 } }), rows(1)],
  ['task: null', call({ limit: 1 }, { task: null }), rows(1)],
  [
    'arguments: null',
    { method: 'tools/call', params: { name: 'organization_get', arguments: null } },
    served,
  ],
  [
    'an empty list for arguments',
    { method: 'tools/call', params: { name: 'organization_get', arguments: [] } },
    served,
  ],
  [
    'an empty text for arguments',
    { method: 'tools/call', params: { name: 'organization_get', arguments: '' } },
    served,
  ],
  [
    'arguments as the text null',
    { method: 'tools/call', params: { name: 'organization_get', arguments: 'null' } },
    served,
  ],
  ['arguments as one JSON text', call('{"limit":2}'), rows(2)],
  ['arguments as a text that is no JSON', call('limit=2'), refused(-32_602, /arguments must be an object/)],
  ['arguments as the JSON text of a list', call('[2]'), refused(-32_602, /arguments must be an object/)],
  ['arguments that are a list', call([2]), refused(-32_602, /arguments must be an object/)],
  ['arguments that are a number', call(7), refused(-32_602, /arguments must be an object/)],
  ['arguments: false', call(false), refused(-32_602, /arguments must be an object/)],
  [
    'a name that is a number',
    { method: 'tools/call', params: { name: 7 } },
    refused(-32_602, /name must be a string/),
  ],
  [
    'a name that is null',
    { method: 'tools/call', params: { name: null } },
    refused(-32_602, /name must be a string/),
  ],
  [
    'a tool that there is not',
    { method: 'tools/call', params: { name: '__proto' } },
    refused(-32_602, /Unknown tool/),
  ],
  [
    'resources/read without uri',
    { method: 'resources/read', params: {} },
    refused(-32_602, /uri must be a string/),
  ],
  [
    'resources/read of null',
    { method: 'resources/read', params: { uri: null } },
    refused(-32_602, /uri must be/),
  ],
  ['completion with a null context', complete({ context: null }), served],
  ['completion with null arguments', complete({ context: { arguments: null } }), served],
  ['completion with a null choice', complete({ context: { arguments: { account_id: null } } }), served],
  [
    'completion with a wrong choice',
    complete({ context: { arguments: { account_id: 1 } } }),
    refused(-32_602, /context.arguments/),
  ],
  ['completion of nothing typed', complete({ argument: { name: 'account_id', value: null } }), served],
  ['completion without an argument', complete({ argument: null }), refused(-32_602, /argument must be/)],
  ['completion without a ref', complete({ ref: null }), refused(-32_602, /ref must be/)],
  ['completion for another ref', complete({ ref: { type: 'file' } }), refused(-32_602, /ref.type must be/)],
  ['completion for a prompt', complete({ ref: { type: 'ref/prompt', name: 'x' } }), served],
  [
    'completion for a prompt without a name',
    complete({ ref: { type: 'ref/prompt', name: null } }),
    refused(-32_602, /ref.name must be/),
  ],
  ['prompts with null params', { method: 'prompts/list', params: null }, served],
  [
    'a prompt with null arguments',
    { method: 'prompts/get', params: { name: 'review-access', arguments: null } },
    served,
  ],
  [
    'a prompt with an argument that is null',
    { method: 'prompts/get', params: { name: 'review-access', arguments: { x: null } } },
    served,
  ],
  [
    'a prompt with arguments that are a text',
    { method: 'prompts/get', params: { name: 'review-access', arguments: 'x' } },
    refused(-32_602, /arguments must be an object/),
  ],
  ['a method that there is not', { method: 'roots/list' }, refused(-32_601, /./)],
  [
    'a method that there is not, with odd params',
    { method: 'nothing/there', params: [1] },
    refused(-32_601, /./),
  ],
  ['a method of every object', { method: 'constructor', params: null }, refused(-32_601, /./)],
  ['a notification with an id', { method: 'notifications/initialized' }, refused(-32_601, /./)],
  ['no method', {}, refused(-32_600, /method must be a string/)],
  ['a method that is a number', { method: 5 }, refused(-32_600, /method must be a string/)],
  ['a wrong version', { jsonrpc: '1.0', method: 'ping' }, refused(-32_600, /jsonrpc must be "2.0"/)],
  ['a version that is a number', { jsonrpc: 2, method: 'ping' }, refused(-32_600, /jsonrpc must be "2.0"/)],
  ['a version that is null', { jsonrpc: null, method: 'ping' }, refused(-32_600, /jsonrpc must be "2.0"/)],
  [
    'half a surrogate pair in a query',
    call({ filter: ['name[eq]\ud800'] }),
    (answer) => expect(JSON.stringify(answer.result)).toMatch(/invalid_arguments.*an unpaired surrogate/),
  ],
  [
    'half a surrogate pair in a path',
    { method: 'tools/call', params: { name: 'accounts_get', arguments: { account_id: '\ud800' } } },
    (answer) => expect(JSON.stringify(answer.result)).toMatch(/invalid_arguments.*an unpaired surrogate/),
  ],
];

describe.each(doors)('over %s', (_, open) => {
  let door: Door;
  beforeAll(async () => {
    door = await open();
  });
  afterAll(() => door.close());

  test.each(answered)('%s is answered under its id', async (_, message, check) => {
    const answers = await door.ask(whole({ id: 'odd', ...message }), 'odd');
    expect(answers).toHaveLength(1);
    expect(answers[0].id).toBe('odd');
    check(answers[0]);
  });

  test.each([
    ['an empty text', '""'],
    ['zero', '0'],
    ['a negative one', '-7'],
    ['an integer beyond 2^53', '9007199254740993'],
    ['a fraction', '1.5'],
    ['a text of quotes and signs', '"\\"{\\u0000\\ud800"'],
  ])('an id that is %s is returned unchanged', async (_, id) => {
    const answers = await door.ask(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`, JSON.parse(id));
    expect(answers).toHaveLength(1);
    expect(answers[0].result).toEqual({});
    const told = door.said();
    expect(told.includes(`"id":${id},`) || told.includes(`"id":${id}}`)).toBe(true);
  });

  test.each([
    ['null', 'null'],
    ['true', 'true'],
    ['an object', '{"id":5}'],
    ['a list', '[5]'],
  ])('an id that is %s is refused with an error without id', async (_, id) => {
    const [answer] = await door.ask(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`, null);
    expect(answer.id).toBeNull();
    refused(-32_600, /id of a request must be a string or an integer/)(answer);
  });

  test.each([
    ['no JSON', 'this is no JSON'],
    ['a number', '5'],
    ['null', 'null'],
    ['an empty batch', '[]'],
  ])('%s is refused in plain words', async (_, text) => {
    const [answer] = await door.ask(text, null);
    refused(text.startsWith('this') ? -32_700 : -32_600, /./)(answer);
  });

  test('a message that is cut off is refused under its own id', async () => {
    const cut = '{"jsonrpc":"2.0","id":"cut","method":"tools/call","params":{"id":3,"text":"\\"id\\":4, ';
    const answers = await door.ask(cut, 'cut');
    refused(-32_700, /not valid JSON/)(answers[0]);
    expect((await door.ask('{"params":{"id":3},"x', null))[0].id).toBeNull();
  });

  test('bytes that are no UTF-8 are refused, not changed', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":"bytes","method":"tools/call","params":{"name":"M'),
      Buffer.from([0xfc]),
      Buffer.from('ller"}}'),
    ]);
    refused(-32_700, /not valid UTF-8/)((await door.ask(bytes, 'bytes'))[0]);
  });

  test('a byte order mark, blanks and line ends around a message do no harm', async () => {
    served((await door.ask(`\ufeff  ${whole({ id: 'mark', method: 'ping' })} \r`, 'mark'))[0]);
  });

  test('the messages of a batch are answered each under its id', async () => {
    const batch = [
      { jsonrpc: '2.0', id: 'one', method: 'ping' },
      { jsonrpc: '2.0', id: 'two', ...call({ limit: 1 }) },
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 'three' },
      { jsonrpc: '2.0', id: 'four', method: 'initialize', params: initialize.params },
    ];
    const answers = await door.ask(JSON.stringify(batch), 'one', 'two', 'three', 'four');
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    expect([...byId.keys()].sort()).toEqual(['four', 'one', 'three', 'two']);
    served(byId.get('one'));
    rows(1)(byId.get('two'));
    refused(-32_600, /method/)(byId.get('three'));
    refused(-32_600, /batch/)(byId.get('four'));
  });

  test('requests that run at the same time under one id are both answered', async () => {
    const ask = (limit: number) => door.ask(whole({ id: 'same', ...call({ limit }) }), 'same', 'same');
    const answers = (await Promise.all([ask(1), ask(2)])).flat();
    const counts = answers.map(({ result }) => JSON.parse(result.content[0].text).rows.length);
    expect(counts).toEqual(expect.arrayContaining([1, 2]));
  });

  test('unexpected answers and notifications are ignored', async () => {
    for (const message of [
      { id: 99, result: {} },
      { id: 99, result: null },
      { id: 'x', error: { code: 1, message: 'no' } },
      { id: null, error: { code: 1, message: 'no' } },
      { id: 99, error: 'no' },
      { method: 'notifications/cancelled', params: null },
      { method: 'notifications/cancelled', params: { requestId: {} } },
      { method: 'notifications/progress', params: { progressToken: 1 } },
      { method: 'notifications/initialized', params: [1] },
      { method: 'notifications/anything', params: null, id: null },
    ])
      await door.ask(whole(message));
    const answers = await door.ask(whole({ id: 'after', method: 'ping' }), 'after');
    expect(answers).toHaveLength(1);
  });
});

/** What a client may say of itself at first, and still be let in. */
const beginnings: readonly (readonly [what: string, params: unknown, check: Check])[] = [
  ['params: null', null, served],
  ['capabilities: null', { ...initialize.params, capabilities: null }, served],
  ['no capabilities', { ...initialize.params, capabilities: undefined }, served],
  ['an empty list of capabilities', { ...initialize.params, capabilities: [] }, served],
  [
    'capabilities that are null or true',
    { ...initialize.params, capabilities: { roots: null, sampling: true, elicitation: { form: null } } },
    served,
  ],
  [
    'capabilities of a wrong kind',
    { ...initialize.params, capabilities: { roots: { listChanged: 'yes' }, tasks: 4 } },
    served,
  ],
  [
    'capabilities that are a text',
    { ...initialize.params, capabilities: 'all' },
    refused(-32_602, /capabilities must be an object/),
  ],
  ['no clientInfo', { ...initialize.params, clientInfo: undefined }, served],
  ['a clientInfo that is a text', { ...initialize.params, clientInfo: 'Cursor' }, served],
  ['a clientInfo without version', { ...initialize.params, clientInfo: { name: 'x' } }, served],
  ['a version of no revision', { ...initialize.params, protocolVersion: '1999-01-01' }, served],
  ['protocolVersion: null', { ...initialize.params, protocolVersion: null }, served],
  [
    'a protocolVersion that is a number',
    { ...initialize.params, protocolVersion: 2025 },
    refused(-32_602, /protocolVersion must be a string/),
  ],
];

describe('initialize', () => {
  let http: HttpProgram;
  let withSessions: HttpProgram;
  let stdio: RawProgram;
  const headers = { authorization: 'Bearer x' };
  beforeAll(async () => {
    const { startSandbox } = await import('../../src/sandbox/start.ts');
    const sandbox = await startSandbox({ size: 'small' });
    headers.authorization = `Bearer ${sandbox.token}`;
    http = await startHttpProgram(['--base-url', sandbox.baseUrl]);
    withSessions = await startHttpProgram(['--base-url', sandbox.baseUrl, '--sessions']);
    stdio = startRaw(['--base-url', sandbox.baseUrl], { SYNQLY_TOKEN: sandbox.token });
    closeSandbox = sandbox.close;
  });
  let closeSandbox: () => Promise<void>;
  afterAll(async () => {
    await http.close();
    await withSessions.close();
    await stdio.close();
    await closeSandbox();
  });

  test.each(beginnings)('with %s', async (_, params, check) => {
    const text = JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'initialize', params });
    const before = stdio.messages().length;
    stdio.write(`${text}\n`);
    for (const { postText } of [http, withSessions]) {
      const [answer] = await messagesIn(await postText(text, headers));
      expect(answer.id).toBe(5);
      check(answer);
    }
    const poll = { timeout: 30_000, interval: 5 };
    await expect.poll(() => stdio.messages().length, poll).toBe(before + 1);
    expect(stdio.messages()[before].id).toBe(5);
    check(stdio.messages()[before]);
  });

  test('is optional over stdio and without sessions, and required in a session', async () => {
    const text = JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'ping' });
    const [answer] = await messagesIn(await http.postText(text, headers));
    served(answer);
    const early = await withSessions.postText(text, headers);
    expect(early.status).toBe(400);
    const [told] = await messagesIn(early);
    expect(told.id).toBe(5);
    refused(-32_600, /send initialize first/)(told);
  });

  test('is refused the second time in a session, and the session continues', async () => {
    const opened = await withSessions.post(initialize, headers);
    await opened.text();
    const session = { ...headers, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
    const again = await messagesIn(await withSessions.post({ ...initialize, id: 6 }, session));
    expect(again[0].id).toBe(6);
    refused(-32_600, /already initialized/)(again[0]);
    served((await messagesIn(await withSessions.post({ method: 'ping' }, session)))[0]);
  });
});

test('the answers to a batch are one list', async () => {
  const stdio = startRaw(['--sandbox']);
  const ping = (id: number) => ({ jsonrpc: '2.0', id, method: 'ping' });
  stdio.write(`${JSON.stringify([ping(1), ping(2), { jsonrpc: '2.0', id: 3 }])}\n`);
  await expect.poll(() => stdio.lines().length, { timeout: 30_000 }).toBe(1);
  const list = JSON.parse(stdio.lines()[0] ?? '');
  expect(list.map(({ id }: Answer) => id).sort()).toEqual([1, 2, 3]);
  await stdio.close();
});

test('a last message without a line end is answered too', async () => {
  const stdio = startRaw(['--sandbox']);
  stdio.write('{"jsonrpc":"2.0","id":1,"method":"ping"}');
  stdio.end();
  await expect
    .poll(() => stdio.messages(), { timeout: 30_000 })
    .toEqual([{ jsonrpc: '2.0', id: 1, result: {} }]);
});
