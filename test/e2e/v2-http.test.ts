import { StreamableHTTPClientTransport, Client as V2Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  callOf,
  createGate,
  isAccount,
  pause,
  type Served,
  serveOverHttp,
  type WatchedApi,
  watchApi,
} from './endings-support.ts';
import { type FakeRequest, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import {
  capabilitiesKey,
  envelope,
  introduction,
  type Message,
  type Post,
  readPosted,
  revision,
  v2Call,
  v2Headers,
  v2Poster,
  v2Request,
  versionKey,
} from './generations-support.ts';
import { type HttpProgram, type HttpRig, postTo, startHttpProgram, startHttpRig } from './http-support.ts';
import { numbered, pagesOf, timeAt } from './paged-upstream.ts';
import { toolCount } from './support.ts';

/*
 * Protocol revision 2026-07-28 over HTTP: what is answered, and what is refused with which code and status.
 */
let rig: HttpRig;
let post: Post;
beforeAll(async () => {
  rig = await startHttpRig({ args: ['--rate-per-minute', '100000'] });
  post = v2Poster(rig, rig.sandbox.token);
});
afterAll(() => rig.close());

const list = v2Request('tools/list');
const call = v2Call('accounts_list', { limit: 1 });
const read = v2Request('resources/read', { uri: 'synqly://openapi/management' });
const unknownTool = (name: string) => v2Call(name);
const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

const mismatch = -32_020;
const invalidParams = -32_602;
const unsupported = -32_022;

type Overrides = Record<string, string | undefined>;

describe('headers', () => {
  test('the log names the header that is wrong, and repeats neither it nor the body', async () => {
    const { token } = rig.sandbox;
    await post(call, { 'mcp-name': token });
    await post(v2Call(`${token} in the body`), { 'mcp-name': undefined });
    await expect.poll(() => rig.stderr().split('"msg":"refused a request"').length).toBe(3);
    expect(rig.stderr()).toContain('"code":-32020,"header":"Mcp-Name"');
    expect(rig.stderr()).not.toContain(token);
  });

  test.each<[what: string, message: Message, headers: Overrides, expected: [status: number, code?: number]]>([
    ['as the specification wants them', call, {}, [200]],
    ['names in capitals', list, { 'mcp-method': undefined, 'MCP-METHOD': 'tools/list' }, [200]],
    ['no Mcp-Name where the method has no name', list, { 'mcp-name': undefined }, [200]],
    ['an Mcp-Name where the method has none', list, { 'mcp-name': 'accounts_list' }, [200]],
    ['whitespace around a value', call, { 'mcp-name': ' \taccounts_list ' }, [200]],
    ['no version', call, { 'mcp-protocol-version': undefined }, [400, mismatch]],
    ['an empty version', call, { 'mcp-protocol-version': '' }, [400, mismatch]],
    ['an older version', call, { 'mcp-protocol-version': '2025-11-25' }, [400, mismatch]],
    ['an unknown version', call, { 'mcp-protocol-version': '2027-01-01' }, [400, mismatch]],
    ['the version twice', call, { 'mcp-protocol-version': `${revision}, ${revision}` }, [400, mismatch]],
    ['no method', call, { 'mcp-method': undefined }, [400, mismatch]],
    ['an empty method', call, { 'mcp-method': '' }, [400, mismatch]],
    ['another method', call, { 'mcp-method': 'tools/list' }, [400, mismatch]],
    ['the method in capitals', call, { 'mcp-method': 'Tools/Call' }, [400, mismatch]],
    ['the method twice', call, { 'mcp-method': 'tools/call, tools/call' }, [400, mismatch]],
    ['a method behind a space that is not ASCII', call, { 'mcp-method': 'tools/call\xa0' }, [400, mismatch]],
    ['the method in Base64', call, { 'mcp-method': base64('tools/call') }, [400, mismatch]],
    ['no name', call, { 'mcp-name': undefined }, [400, mismatch]],
    ['an empty name', call, { 'mcp-name': '' }, [400, mismatch]],
    ['another name', call, { 'mcp-name': 'accounts_delete' }, [400, mismatch]],
    ['the name in capitals', call, { 'mcp-name': 'Accounts_list' }, [400, mismatch]],
    ['the name twice', call, { 'mcp-name': 'accounts_list, accounts_list' }, [400, mismatch]],
    ['the name in Base64', call, { 'mcp-name': base64('accounts_list') }, [200]],
    ['Base64 of another name', call, { 'mcp-name': base64('accounts_get') }, [400, mismatch]],
    [
      'Base64 without its padding',
      call,
      { 'mcp-name': base64('accounts_list').replace('==?=', '?=') },
      [400, mismatch],
    ],
    ['something else than Base64', call, { 'mcp-name': '=?base64?accounts_list?=' }, [400, mismatch]],
    [
      'Base64 with a space',
      call,
      { 'mcp-name': base64('accounts_list').replace('YWNj', 'YWNj ') },
      [400, mismatch],
    ],
    ['Base64 of bytes that are not UTF-8', call, { 'mcp-name': '=?base64?/w==?=' }, [400, mismatch]],
    [
      'the marker of Base64 in capitals',
      call,
      { 'mcp-name': base64('accounts_list').replace('base64', 'BASE64') },
      [400, mismatch],
    ],
    ['no name of a resource', read, { 'mcp-name': undefined }, [400, mismatch]],
    ['another resource', read, { 'mcp-name': 'synqly://openapi/engine' }, [400, mismatch]],
    ['the resource', read, {}, [200]],
    [
      'a name that is not ASCII, in Base64',
      unknownTool('größe'),
      { 'mcp-name': base64('größe') },
      [200, invalidParams],
    ],
    ['a name that is not ASCII, as it is', unknownTool('größe'), { 'mcp-name': 'größe' }, [400, mismatch]],
    [
      'a name that looks like Base64, in Base64',
      unknownTool('=?base64?eA==?='),
      { 'mcp-name': base64('=?base64?eA==?=') },
      [200, invalidParams],
    ],
    [
      'a name that looks like Base64, as it is',
      unknownTool('=?base64?eA==?='),
      { 'mcp-name': '=?base64?eA==?=' },
      [400, mismatch],
    ],
    ['a name in spaces, in Base64', unknownTool(' x '), { 'mcp-name': base64(' x ') }, [200, invalidParams]],
    ['a name in spaces, as it is', unknownTool(' x '), { 'mcp-name': ' x ' }, [400, mismatch]],
    ['no name of an unknown tool', unknownTool('nothing'), { 'mcp-name': undefined }, [400, mismatch]],
  ])('%s', async (_, message, headers, [status, code]) => {
    const answer = await post(message, headers);
    expect([answer.status, answer.json.error?.code], answer.text).toEqual([status, code]);
    expect(answer.json.id).toBe(1);
  });

  test('an error says what both sides say', async () => {
    const { json } = await post(call, { 'mcp-method': 'tools/list' });
    expect(json.error.message).toBe(
      'The header Mcp-Method says "tools/list", and the body "tools/call": both must say the same.',
    );
    const { json: missing } = await post(call, { 'mcp-name': undefined });
    expect(missing.error.message).toBe(
      'The header Mcp-Name is missing: it must say "accounts_list", as the body does.',
    );
  });

  test('nothing is done for a request that is refused', async () => {
    const before = rig.exchanges.length;
    await post(v2Call('accounts_create', { name: 'refused' }), { 'mcp-name': 'accounts_list' });
    expect(rig.exchanges.slice(before).filter(({ method }) => method === 'POST')).toEqual([]);
  });
});

describe('the envelope', () => {
  const withMeta = (_meta: unknown, method = 'tools/list') => ({
    jsonrpc: '2.0',
    id: 1,
    method,
    params: { _meta },
  });
  test.each<[what: string, message: object, status: number, code: number]>([
    ['no capabilities', withMeta({ [versionKey]: revision }), 400, invalidParams],
    ['capabilities that are null', withMeta({ ...envelope, [capabilitiesKey]: null }), 400, invalidParams],
    ['capabilities that are a list', withMeta({ ...envelope, [capabilitiesKey]: [] }), 400, invalidParams],
    ['no version', withMeta({ [capabilitiesKey]: {} }), 400, invalidParams],
    ['a version that is a number', withMeta({ ...envelope, [versionKey]: 20_260_728 }), 400, invalidParams],
    ['a version that is null', withMeta({ ...envelope, [versionKey]: null }), 400, invalidParams],
    ['an empty _meta', withMeta({}), 400, invalidParams],
    ['a _meta that is a text', withMeta('x'), 400, invalidParams],
    ['a _meta that is a list', withMeta([]), 400, invalidParams],
    ['no _meta', { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }, 400, invalidParams],
    ['no params', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, 400, invalidParams],
    [
      'params that are a list',
      { jsonrpc: '2.0', id: 1, method: 'tools/list', params: [1] },
      400,
      invalidParams,
    ],
    ['no envelope of ping', { jsonrpc: '2.0', id: 1, method: 'ping' }, 400, invalidParams],
    [
      'no envelope of initialize',
      { jsonrpc: '2.0', id: 1, method: 'initialize', params: introduction },
      400,
      invalidParams,
    ],
    ['no envelope of an unknown method', { jsonrpc: '2.0', id: 1, method: 'x' }, 400, invalidParams],
  ])('%s', async (_, message, status, code) => {
    const answer = await post(message);
    expect([answer.status, answer.json.error?.code], answer.text).toEqual([status, code]);
    expect(answer.json.id).toBe(1);
    expect(answer.json.error.data).toHaveProperty('envelope');
  });

  test('the error names the missing keys', async () => {
    const { json } = await post({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect(json.error.data.envelope.missing).toEqual([versionKey, capabilitiesKey]);
    expect(json.error.message).toContain(versionKey);
  });

  test('the client may leave out its name, and say what this server does not know', async () => {
    for (const more of [
      { 'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' } },
      { 'io.modelcontextprotocol/clientInfo': 'x', 'example.com/more': [1] },
      { 'io.modelcontextprotocol/logLevel': 'debug' },
      { [capabilitiesKey]: { elicitation: { form: {} }, sampling: {}, experimental: { x: 1 } } },
    ])
      expect((await post(v2Request('tools/list', { _meta: more }))).json.result.tools).toHaveLength(
        toolCount,
      );
  });

  test.each(['2027-01-01', '2025-11-25', '', 'x'.repeat(5_000)])(
    'the version %j is unsupported',
    async (version) => {
      const { status, json } = await post(v2Request('tools/list', { _meta: { [versionKey]: version } }), {
        'mcp-protocol-version': version.slice(0, 100),
      });
      expect([status, json.id, json.error.code]).toEqual([400, 1, unsupported]);
      expect(json.error.data).toEqual({ supported: [revision], requested: version.slice(0, 100) });
    },
  );
});

describe('methods', () => {
  test.each([
    'initialize',
    'ping',
    'logging/setLevel',
    'roots/list',
    'sampling/createMessage',
    'elicitation/create',
    'resources/subscribe',
    'resources/unsubscribe',
    'tasks/get',
    'notifications/initialized',
    'x',
    '',
    'constructor',
    '__proto__',
  ])('%j is not there', async (method) => {
    const params = method === 'initialize' ? introduction : { level: 'debug', uri: 'x', name: 'x' };
    const { status, json } = await post(v2Request(method, params));
    expect([status, json.id, json.error?.code]).toEqual([404, 1, -32_601]);
  });
});

describe('a message that is not valid', () => {
  const bare = { jsonrpc: '2.0', id: 1 };
  test.each<[what: string, body: unknown, status: number, id: unknown, code: number]>([
    ['no JSON', '{"jsonrpc":"2.0","id":1,', 400, 1, -32_700],
    ['nothing', '', 400, null, -32_700],
    ['a text', '"x"', 400, null, -32_600],
    ['no jsonrpc', { ...list, jsonrpc: undefined }, 400, 1, -32_600],
    ['an id that is null', { ...list, id: null }, 400, null, -32_600],
    ['a method that is a number', { ...list, method: 1 }, 400, 1, -32_600],
    ['a call without a name', v2Request('tools/call'), 200, 1, invalidParams],
    [
      'arguments that are a number',
      v2Request('tools/call', { name: 'accounts_list', arguments: 1 }),
      200,
      1,
      invalidParams,
    ],
    ['a resource without a URI', v2Request('resources/read'), 200, 1, invalidParams],
    ['a cursor that is a number', v2Request('tools/list', { cursor: 1 }), 200, 1, invalidParams],
    ['no method', bare, 400, 1, -32_600],
  ])('%s', async (_, body, status, id, code) => {
    const answer = await post(body, { 'mcp-method': (body as Message).method?.toString() ?? 'tools/list' });
    expect([answer.status, answer.json.id, answer.json.error?.code], answer.text).toEqual([status, id, code]);
  });

  const legacy = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
  test.each<[what: string, batch: object[], headers: Overrides]>([
    ['one request', [list], {}],
    ['one request without headers', [list], { 'mcp-protocol-version': undefined, 'mcp-method': undefined }],
    ['a request among older ones', [legacy, list], { 'mcp-protocol-version': '2025-03-26' }],
    [
      'an invalid request among older ones',
      [legacy, v2Request('tools/call')],
      { 'mcp-protocol-version': '2025-03-26' },
    ],
    [
      'a notification among older requests',
      [legacy, { ...list, id: undefined }],
      { 'mcp-protocol-version': '2025-03-26' },
    ],
    ['older requests below the header of this revision', [legacy], { 'mcp-method': undefined }],
    ['nothing', [], {}],
  ])('a batch of %s', async (_, batch, headers) => {
    const before = rig.exchanges.length;
    const { status, json } = await post(batch, headers);
    expect([status, json.id, json.error?.code]).toEqual([400, null, -32_600]);
    expect(json.error.message).toContain('has no batches');
    expect(rig.exchanges).toHaveLength(before);
  });
});

describe('a client of the first generation with the version header of the second', () => {
  const legacy = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 5, method, params });
  const header = { 'mcp-method': undefined, 'mcp-name': undefined };

  test('is answered in its own generation where Mcp-Method is missing too', async () => {
    const opened = await post(legacy('initialize', introduction), header);
    expect(opened.json).toMatchObject({ id: 5, result: { protocolVersion: '2025-11-25' } });
    const listed = await post(legacy('tools/list'), header);
    expect(Object.keys(listed.json.result)).toEqual(['tools']);
    const called = await post(legacy('tools/call', { name: 'organization_get' }), header);
    expect(Object.keys(called.json.result)).toEqual(['content']);
    expect((await post(legacy('ping'), header)).json.result).toEqual({});
    const unknown = await post(legacy('x'), header);
    expect([unknown.status, unknown.json.error.code]).toEqual([200, -32_601]);
    const told = { jsonrpc: '2.0', method: 'notifications/initialized' };
    expect((await post(told, header)).status).toBe(202);
  });

  test('is refused where Mcp-Method is there', async () => {
    const { status, json } = await post(legacy('tools/list'), { 'mcp-method': 'tools/list' });
    expect([status, json.id, json.error.code]).toEqual([400, 5, invalidParams]);
  });

  test('an envelope that is not valid does not keep initialize from it', async () => {
    const _meta = { [versionKey]: '2025-11-25' };
    const message = legacy('initialize', { ...introduction, _meta });
    for (const version of [undefined, '2025-11-25', revision])
      expect(
        (await post(message, { ...header, 'mcp-protocol-version': version })).json.result.protocolVersion,
      ).toBe('2025-11-25');
    const refused = await post(message, { 'mcp-method': 'initialize' });
    expect([refused.status, refused.json.error.code]).toEqual([400, unsupported]);
  });

  test('an unknown version is refused as before', async () => {
    const { status, json } = await post(legacy('tools/list'), {
      ...header,
      'mcp-protocol-version': '2027-01-01',
    });
    expect([status, json.id, json.error.code]).toEqual([400, 5, -32_000]);
  });
});

describe('notifications and responses', () => {
  const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
  test.each<[what: string, message: object, headers: Overrides, status: number]>([
    ['a notification with all headers', cancelled, {}, 202],
    [
      'a notification with an envelope',
      { ...cancelled, params: { ...cancelled.params, _meta: envelope } },
      {},
      202,
    ],
    [
      'a notification with an envelope and no headers',
      { jsonrpc: '2.0', method: 'notifications/x', params: { _meta: envelope } },
      { 'mcp-protocol-version': undefined, 'mcp-method': undefined },
      202,
    ],
    ['an unknown notification', { jsonrpc: '2.0', method: 'notifications/x' }, {}, 202],
    ['a notification below another method', cancelled, { 'mcp-method': 'notifications/x' }, 400],
    [
      'a notification below another version',
      { jsonrpc: '2.0', method: 'notifications/x', params: { _meta: envelope } },
      { 'mcp-protocol-version': '2025-11-25' },
      400,
    ],
    ['a response', { jsonrpc: '2.0', id: 1, result: {} }, { 'mcp-method': undefined }, 202],
    [
      'an error',
      { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'x' } },
      { 'mcp-method': undefined },
      202,
    ],
  ])('%s', async (_, message, headers, status) => {
    const answer = await post(message, headers);
    expect(answer.status, answer.text).toBe(status);
    if (status === 202) expect(answer.text).toBe('');
    else expect(answer.json.error.code).toBe(mismatch);
  });
});

describe('other methods of HTTP', () => {
  test.each(['GET', 'DELETE'])('%s is refused, with and without sessions', async (method) => {
    const sessions = await startHttpProgram(['--base-url', rig.sandbox.baseUrl, '--sessions']);
    for (const { url } of [rig, sessions]) {
      const response = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${rig.sandbox.token}`,
          accept: 'text/event-stream',
          'mcp-protocol-version': revision,
        },
      });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
    await sessions.close();
  });
});

describe('a server with sessions', () => {
  let program: HttpProgram;
  let postThere: Post;
  beforeAll(async () => {
    program = await startHttpProgram(['--base-url', rig.sandbox.baseUrl, '--sessions']);
    postThere = v2Poster(program, rig.sandbox.token);
  });
  afterAll(() => program.close());

  test.each([undefined, 'unknown'])(
    'answers without one, whatever Mcp-Session-Id says: %j',
    async (session) => {
      const { status, headers, json } = await postThere(call, { 'mcp-session-id': session });
      expect([status, json.result.resultType]).toEqual([200, 'complete']);
      expect(headers.get('mcp-session-id')).toBeNull();
    },
  );

  test('takes notifications without one', async () => {
    const message = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    expect((await postThere(message)).status).toBe(202);
  });

  test('refuses invalid messages as a server without', async () => {
    const nameless = await postThere(v2Request('tools/call'));
    expect([nameless.status, nameless.json.error.code]).toEqual([200, invalidParams]);
    const unenveloped = await postThere({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect([unenveloped.status, unenveloped.json.error.code]).toEqual([400, invalidParams]);
  });
});

describe('what clients send', () => {
  test.each<[accept: string, type: string | number]>([
    ['application/json, text/event-stream', 'application/json'],
    ['text/event-stream, application/json', 'application/json'],
    ['application/json', 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['', 'application/json'],
    ['text/event-stream', 'text/event-stream'],
    ['text/html', 406],
    ['application/json;q=0', 406],
  ])('Accept: %s', async (accept, type) => {
    const answer = await post(list, { accept });
    if (typeof type === 'number') return expect(answer.status).toBe(type);
    expect([answer.status, answer.type]).toEqual([200, type]);
    expect(answer.messages).toHaveLength(1);
    expect(answer.json.result.tools).toHaveLength(toolCount);
  });

  test('a path with a slash too many', async () => {
    const { origin } = rig;
    for (const path of ['/mcp/', '//mcp']) {
      const headers = {
        ...v2Headers(list),
        authorization: `Bearer ${rig.sandbox.token}`,
        'content-type': 'application/json',
      };
      const response = await fetch(`${origin}${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(list),
      });
      expect((await readPosted(response)).json.result.tools).toHaveLength(toolCount);
    }
  });

  test.each([null, undefined, '', '{}', '{"limit":1}', 'null', []])('arguments: %j', async (given) => {
    const { json } = await post(v2Request('tools/call', { name: 'accounts_list', arguments: given }));
    expect(JSON.parse(json.result.content[0].text)).toHaveProperty('rows');
    expect(json.result.isError).toBeUndefined();
  });

  test.each([
    '"a"',
    '""',
    '0',
    '-7',
    '9007199254740993',
    '1.5',
    '1e400',
    '12345678901234567890123',
    '"\\u00e9"',
  ])('the id %s', async (id) => {
    for (const message of [list, call, v2Request('x'), read]) {
      const { text } = await post(
        JSON.stringify(message).replace('"id":1', `"id":${id}`),
        v2Headers(message),
      );
      const [, back] = /"id":("[^"]*"|[^,}]+)/.exec(text) ?? [];
      if (id === '1e400') expect(back).toBe('null');
      else expect(JSON.parse(`[${back}]`)).toEqual(JSON.parse(`[${id}]`));
      if (/^\d/.test(id) && id !== '1e400') expect(back).toBe(id);
    }
  });
});

describe('cancelling', () => {
  let watched: WatchedApi;
  let served: Served & { readonly url: string; readonly headers: Record<string, string> };
  beforeAll(async () => {
    watched = await watchApi();
    served = await serveOverHttp(watched);
  });
  afterAll(async () => {
    served.child.kill('SIGKILL');
    await watched.close();
  });

  const send = (message: Message, signal?: AbortSignal) =>
    fetch(served.url, {
      method: 'POST',
      headers: { ...served.headers, ...v2Headers(message) },
      body: JSON.stringify(message),
      ...(signal && { signal }),
    });
  const create = async (name: string) => {
    await send(v2Call('accounts_create', { name })).then((response) => response.text());
  };

  test('a closed connection cancels a call, and a write that was not sent is not sent', async () => {
    await create('closed');
    const held = watched.hold(isAccount('closed', 'GET'));
    const closing = new AbortController();
    const answer = send(v2Call('accounts_update', { account_id: 'closed', fullname: 'X' }), closing.signal);
    await held.reached;
    closing.abort();
    await expect(answer).rejects.toThrow();
    await expect
      .poll(() => watched.lines().at(-1))
      .toMatchObject({ phase: 'not_sent', outcome: 'cancelled' });
    held.release();
    expect(watched.api.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  test('a closed connection cancels a read of a resource', async () => {
    await create('read');
    const held = watched.hold(({ path }) => path.endsWith('/timeseries'));
    const closing = new AbortController();
    const before = watched.api.requests.length;
    const answer = send(v2Request('resources/read', { uri: 'synqly://status/timeseries' }), closing.signal);
    await held.reached;
    closing.abort();
    await expect(answer).rejects.toThrow();
    held.release();
    const after = await send(list);
    expect(after.status).toBe(200);
    expect(watched.api.requests.length).toBe(before + 1);
  });

  test('a notification of this generation cancels no request of the other one with the same id', async () => {
    await create('other');
    const held = watched.hold(isAccount('other', 'GET'));
    const answer = served.ask({ ...callOf('accounts_get', { account_id: 'other' }), id: 77 });
    await held.reached;
    const message = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 77 } };
    expect((await send(message)).status).toBe(202);
    const enveloped = { ...message, params: { ...message.params, _meta: envelope } };
    expect(await served.say(enveloped)).toBeUndefined();
    await pause(50);
    held.release();
    expect((await answer).result.isError).toBeUndefined();
  });

  test("the second SDK's client cancels a call", async () => {
    await create('sdk');
    const client = new V2Client(
      { name: 'x', version: '1' },
      { versionNegotiation: { mode: { pin: revision } } },
    );
    const errors: unknown[] = [];
    client.onerror = (error) => errors.push(error);
    const requestInit = { headers: { authorization: served.headers.authorization ?? '' } };
    await client.connect(new StreamableHTTPClientTransport(new URL(served.url), { requestInit }));
    const held = watched.hold(isAccount('sdk', 'GET'));
    const cancelling = new AbortController();
    const calling = client.callTool(
      { name: 'accounts_update', arguments: { account_id: 'sdk', fullname: 'X' } },
      { signal: cancelling.signal },
    );
    await held.reached;
    cancelling.abort();
    await expect(calling).rejects.toThrow();
    await expect
      .poll(() => watched.lines().at(-1))
      .toMatchObject({ targets: { account_id: 'sdk' }, phase: 'not_sent', outcome: 'cancelled' });
    held.release();
    await client.close();
    expect(errors).toEqual([]);
  });
});

test('a client that left while its permissions were read has nothing done', async () => {
  const gate = createGate();
  const isHeld = ({ path }: FakeRequest) => path !== '/v1/organization';
  const api = await startFakeSynqly(async (request) => {
    if (isHeld(request)) await gate.opened;
    return undefined;
  }, rig.sandbox.baseUrl);
  await postTo(rig.sandbox, '/v1/accounts', { name: 'left-early' });
  const program = await startHttpProgram(['--base-url', api.url]);
  const closing = new AbortController();
  const writing = v2Call('accounts_update', { account_id: 'left-early', fullname: 'Changed' });
  const listening = v2Request('subscriptions/listen', { notifications: { toolsListChanged: true } });
  const answers = [writing, listening].map((message) =>
    fetch(program.url, {
      method: 'POST',
      headers: {
        ...v2Headers(message),
        authorization: `Bearer ${rig.sandbox.token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify(message),
      signal: closing.signal,
    }).catch(() => undefined),
  );
  await expect.poll(() => api.requests.some(isHeld)).toBe(true);
  closing.abort();
  await Promise.all(answers);
  await pause(100);
  gate.open();
  const answer = await v2Poster(program, rig.sandbox.token)(list);
  expect(answer.json.result.tools.length).toBeGreaterThan(0);
  await pause(300);
  expect(api.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
  const metrics = await (await fetch(`${program.origin}/metrics`)).text();
  expect(metrics).toContain('synqly_mcp_streams_open 0');
  expect(metrics).toContain('synqly_mcp_requests_in_flight 0');
  await program.close();
  api.close();
});

describe('progress', () => {
  const names = numbered(350);
  const rows = names.map((name, at) => ({ id: name, name, created_at: timeAt(at) }));
  let api: FakeSynqly;
  let program: HttpProgram;
  let postThere: Post;
  let answerPage: ReturnType<typeof pagesOf>;
  let hold: Promise<void> | undefined;
  beforeAll(async () => {
    api = await startFakeSynqly(async (request) => {
      if (request.query.get('start_after')) await hold;
      return answerPage(request);
    });
    program = await startHttpProgram(['--base-url', api.url, '--permissions', 'ignore']);
    postThere = v2Poster(program, 'token');
  });
  afterAll(async () => {
    await program.close();
    api.close();
  });

  const long = (progressToken: unknown, isV2: boolean, id: unknown = 3) => {
    const params = { name: 'accounts_list', arguments: { limit: 350, fields: ['name'] } };
    const _meta = progressToken === undefined ? {} : { progressToken };
    if (isV2) return v2Request('tools/call', { ...params, _meta }, id);
    return { jsonrpc: '2.0', id, method: 'tools/call', params: { ...params, _meta } };
  };
  const legacyHeaders = { 'mcp-protocol-version': undefined, 'mcp-method': undefined, 'mcp-name': undefined };
  const send = (message: Message, isV2: boolean, headers: Overrides = {}) => {
    answerPage = pagesOf({ rows, field: 'name' });
    return postThere(message, isV2 ? headers : { ...legacyHeaders, ...headers });
  };

  test.each([
    ['v1', false],
    ['v2', true],
  ] as const)('%s: a call with a token is answered with events, others with JSON', async (_, isV2) => {
    for (const token of ['p', 0, 12]) {
      const answer = await send(long(token, isV2), isV2);
      expect([answer.status, answer.type]).toEqual([200, 'text/event-stream']);
      expect(answer.headers.get('x-accel-buffering')).toBe('no');
      const notifications = answer.messages.slice(0, -1);
      expect(notifications.length).toBeGreaterThanOrEqual(3);
      const progress = notifications.map(({ method, params }) => {
        expect(method).toBe('notifications/progress');
        expect(params).toMatchObject({ progressToken: token, total: 350 });
        return params.progress as number;
      });
      expect(progress).toEqual([...new Set(progress)].sort((a, b) => a - b));
      expect(answer.json).toMatchObject({ id: 3, result: { content: [{ type: 'text' }] } });
      expect(answer.json.result.resultType).toBe(isV2 ? 'complete' : undefined);
      expect(answer.json.result.content[0].text).toContain(names.at(-1));
    }
    for (const token of [undefined, null, {}, 1.5]) {
      const answer = await send(long(token, isV2), isV2);
      expect([answer.status, answer.type, answer.messages.length]).toEqual([200, 'application/json', 1]);
    }
  });

  test.each([
    ['v1', false],
    ['v2', true],
  ] as const)('%s: a client that does not list event streams gets JSON', async (_, isV2) => {
    for (const accept of ['application/json', '*/*']) {
      const answer = await send(long('p', isV2), isV2, { accept });
      expect([answer.status, answer.type, answer.messages.length]).toEqual([200, 'application/json', 1]);
      expect(answer.json.result.content[0].text).toContain(names.at(-1));
    }
  });

  test.each([
    ['v1', false],
    ['v2', true],
  ] as const)('%s: an unusual id comes back exactly behind the events', async (_, isV2) => {
    const message = long('p', isV2);
    const body = JSON.stringify(message).replace('"id":3', '"id":9007199254740993');
    answerPage = pagesOf({ rows, field: 'name' });
    const headers = isV2 ? v2Headers(message) : legacyHeaders;
    const { text, messages } = await postThere(body, headers as Overrides);
    expect(messages.length).toBeGreaterThan(2);
    expect(text).toContain('"id":9007199254740993');
  });

  test('v1: a call that is cancelled after its first event ends the stream, without a response', async () => {
    const gate = createGate();
    hold = gate.opened;
    api.requests.length = 0;
    const answer = send(long('p', false, 41), false);
    await expect.poll(() => api.requests.some(({ query }) => query.get('start_after'))).toBe(true);
    const message = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 41 } };
    expect((await postThere(message, legacyHeaders)).status).toBe(202);
    const { status, messages } = await answer;
    gate.open();
    hold = undefined;
    expect(status).toBe(200);
    expect(messages.every(({ method }) => method === 'notifications/progress')).toBe(true);
  });
});

describe('the rules of every request hold for both generations', () => {
  test('a token is required, and must be valid', async () => {
    const none = await post(list, { authorization: undefined });
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('invalid_token'),
    ]);
    const wrong = await post(list, { authorization: 'Bearer wrong' });
    expect(wrong.status).toBe(401);
  });

  test('filters hold, and unknown ones are refused', async () => {
    const narrowed = await post(list, { 'synqly-toolsets': 'accounts' });
    expect(narrowed.json.result.tools.length).toBeLessThan(30);
    expect((await post(list, { 'synqly-toolset': 'accounts' })).status).toBe(400);
    const denied = await post(v2Call('accounts_create', { name: 'x' }), { 'synqly-read-only': 'true' });
    expect(denied.json.error ?? denied.json.result.isError).toBeTruthy();
  });

  test('a foreign Origin is refused', async () => {
    expect((await post(list, { origin: 'https://evil.example' })).status).toBe(403);
  });

  test('requests of both generations count against one rate', async () => {
    const program = await startHttpProgram(['--base-url', rig.sandbox.baseUrl, '--rate-per-minute', '4']);
    const there = v2Poster(program, rig.sandbox.token);
    const statuses = [];
    for (const message of [list, undefined, list, undefined, list, list]) {
      const response = message
        ? await there(message)
        : await readPosted(
            await program.post({ method: 'ping' }, { authorization: `Bearer ${rig.sandbox.token}` }),
          );
      statuses.push(response.status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
    await program.close();
  });

  test('requests beyond --max-concurrent are answered 503', async () => {
    const program = await startHttpProgram(['--base-url', rig.sandbox.baseUrl, '--max-concurrent', '3']);
    const there = v2Poster(program, rig.sandbox.token);
    await there(list);
    rig.sandbox.faults.add({ route: 'accounts_list', delay: 500 });
    const all = await Promise.all(Array.from({ length: 6 }, () => there(call)));
    rig.sandbox.faults.clear();
    expect(all.map(({ status }) => status).sort()).toEqual([200, 200, 200, 503, 503, 503]);
    await program.close();
  });

  test('a browser may send the headers of this revision', async () => {
    const program = await startHttpProgram([
      '--base-url',
      rig.sandbox.baseUrl,
      '--allowed-origins',
      'https://app.example',
    ]);
    const { status, headers } = await fetch(program.url, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'mcp-protocol-version,mcp-method,mcp-name',
      },
    });
    expect(status).toBe(204);
    const allowed = headers.get('access-control-allow-headers')?.split(/,\s*/) ?? [];
    expect(allowed).toEqual(expect.arrayContaining(['mcp-protocol-version', 'mcp-method', 'mcp-name']));
    const answer = await v2Poster(program, rig.sandbox.token)(list, { origin: 'https://app.example' });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
    await program.close();
  });
});
