import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { initialize } from './doors.ts';
import { type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { type HttpProgram, startHttpProgram } from './http-support.ts';
import { type Program, startProgram } from './support.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${trace}-b7ad6b7169203331-01`;
const tracestate = 'vendor=t61rcWkgMzE, other@tenant=x:y';
const baggage = 'userId=alice%20b;secure, region = eu ;ttl=3';
const transport = {
  traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00`,
  tracestate: 'proxy=1',
  baggage: 'proxy=yes',
};

let synqly: FakeSynqly;
let stateless: HttpProgram;
let withSessions: HttpProgram;
let stdio: Program;
let bridge: Program;
beforeAll(async () => {
  synqly = await startFakeSynqly(({ path }) => ({
    json: { result: path.includes('organization') ? {} : [] },
  }));
  const args = ['--base-url', synqly.url, '--permissions', 'ignore', '--rate-per-minute', '100000'];
  const env = { SYNQLY_TOKEN: 'some-token', SYNQLY_MCP_TOKEN: 'some-token' };
  stateless = await startHttpProgram(args);
  withSessions = await startHttpProgram([...args, '--sessions']);
  stdio = await startProgram(args.slice(0, 4), env);
  bridge = await startProgram(['connect', stateless.url], env);
});
afterAll(async () => {
  await stdio.close();
  await bridge.close();
  await stateless.close();
  await withSessions.close();
  synqly.close();
});
beforeEach(() => {
  synqly.requests.length = 0;
});

type Values = Record<string, unknown>;

/** The trace that reached Synqly with the last request. */
function arrived(): Values {
  const headers: Values = synqly.requests.at(-1)?.headers ?? {};
  const named = ['traceparent', 'tracestate', 'baggage'].map((name) => [name, headers[name]] as const);
  return Object.fromEntries(named.filter(([, value]) => value !== undefined));
}

const call = (meta?: unknown) => ({
  method: 'tools/call',
  params: { name: 'organization_get', ...(meta !== undefined && { _meta: meta }) },
});
const bearer = (headers: Values = {}) => ({ authorization: 'Bearer some-token', ...headers });

async function sent(meta?: unknown, headers?: Values): Promise<Values> {
  const response = await stateless.post(call(meta), bearer(headers) as Record<string, string>);
  expect(response.status).toBe(200);
  const { result } = (await response.json()) as { result?: object };
  expect(result).toMatchObject({ content: [{ type: 'text' }] });
  expect(synqly.requests).not.toEqual([]);
  return arrived();
}

describe('the trace of a call reaches Synqly', () => {
  const meta = { traceparent, tracestate, baggage };

  test('from _meta, over stateless HTTP', async () => {
    expect(await sent(meta)).toEqual(meta);
  });

  test('from the headers', async () => {
    expect(await sent(undefined, transport)).toEqual(transport);
    expect(await sent({ progressToken: 1 }, transport)).toEqual(transport);
  });

  test('not at all where there is none', async () => {
    expect(await sent()).toEqual({});
    expect(await sent({ progressToken: 'a' })).toEqual({});
  });

  test('from _meta, in a session, as a stream and as JSON', async () => {
    const opened = await withSessions.post(initialize, bearer());
    await opened.text();
    const session = { ...bearer(transport), 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
    for (const accept of ['application/json', 'application/json, text/event-stream']) {
      synqly.requests.length = 0;
      await (await withSessions.post(call(meta), { ...session, accept })).text();
      expect(arrived()).toEqual(meta);
    }
    await (await withSessions.post(call(), session)).text();
    expect(arrived()).toEqual(transport);
  });

  test('from _meta, over stdio and through connect', async () => {
    for (const { client } of [stdio, bridge]) {
      synqly.requests.length = 0;
      await client.callTool({ name: 'organization_get', _meta: meta });
      expect(arrived()).toEqual(meta);
      await client.callTool({ name: 'organization_get' });
      expect(arrived()).toEqual({});
    }
  });

  test('from _meta, with resources and completion', async () => {
    await stdio.client.readResource({ uri: 'synqly://status/timeseries', _meta: meta }).catch(() => {});
    expect(arrived()).toEqual(meta);
    synqly.requests.length = 0;
    const { resourceTemplates } = await stdio.client.listResourceTemplates();
    for (const { uriTemplate } of resourceTemplates) {
      const [, name = ''] = /\{([^}]+)\}/.exec(uriTemplate) ?? [];
      const ref = { type: 'ref/resource' as const, uri: uriTemplate };
      await stdio.client.complete({ ref, argument: { name, value: '' }, _meta: meta });
    }
    expect(synqly.requests).not.toEqual([]);
    expect(arrived()).toEqual(meta);
  });
});

describe('_meta comes before the headers', () => {
  test.each([
    ['everything', { traceparent, tracestate, baggage }, { traceparent, tracestate, baggage }],
    [
      'a traceparent alone, without the tracestate and baggage of another trace',
      { traceparent },
      { traceparent },
    ],
    ['baggage alone, beside the trace of the headers', { baggage }, { ...transport, baggage }],
    ['a tracestate alone, which means nothing', { tracestate }, transport],
    ['a malformed traceparent', { traceparent: 'no', tracestate }, transport],
    ['a malformed tracestate', { traceparent, tracestate: 'a b' }, { traceparent }],
  ])('%s', async (_, meta, expected) => {
    expect(await sent(meta, transport)).toEqual(expected);
  });
});

const headersOnly = (values: Values) => sent(undefined, values);
const metaOnly = (values: Values) => sent(values);

describe.each([
  ['_meta', metaOnly],
  ['headers', headersOnly],
])('in %s', (where, pass) => {
  test.each([
    ['the next version, with a field more', `01-${trace}-b7ad6b7169203331-01-more`],
    ['the next version', `cc-${trace}-b7ad6b7169203331-01`],
  ])('a traceparent of %s is passed on', async (_, value) => {
    expect(await pass({ traceparent: value })).toEqual({ traceparent: value });
  });

  test.each([
    ['of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['with a parent of zeros', `00-${trace}-${'0'.repeat(16)}-01`],
    ['in capitals', traceparent.toUpperCase()],
    ['of version ff', `ff-${trace}-b7ad6b7169203331-01`],
    ['of version 00 with a field more', `${traceparent}-01`],
    ['that is cut', traceparent.slice(0, -1)],
    ['that is too long', `01-${trace}-b7ad6b7169203331-01-${'x'.repeat(200)}`],
    ['with a space in it', `${traceparent} x`],
  ])('a traceparent %s is dropped, with its tracestate', async (_, value) => {
    expect(await pass({ traceparent: value, tracestate, baggage })).toEqual({ baggage });
  });

  test.each([
    ['with a value that holds =', 'a=b=c'],
    ['with a key in capitals', 'Vendor=1'],
    ['without a value', 'vendor='],
    ['with a key twice', 'a=1,a=2'],
    ['that is too long', `a=${'x'.repeat(250)},b=${'x'.repeat(250)},c=${'x'.repeat(20)}`],
    ['with too many members', Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',')],
    ['of commas', ' , , '],
  ])('a tracestate %s is dropped', async (_, value) => {
    expect(await pass({ traceparent, tracestate: value })).toEqual({ traceparent });
  });

  test.each([
    ['of 4096 characters', `a=${'x'.repeat(4094)}`],
    ['without a value', 'a='],
    ['with = in a value', 'a=b=c'],
  ])('baggage %s is passed on', async (_, value) => {
    expect(await pass({ baggage: value })).toEqual({ baggage: value });
  });

  test.each([
    ['that is too long', `a=${'x'.repeat(4095)}`],
    ['without =', 'alone'],
    ['with a quote', 'a="b"'],
    ['with an empty member', 'a=b,,c=d'],
    ['with a space in a value', 'a=b c'],
  ])('baggage %s is dropped', async (_, value) => {
    expect(await pass({ traceparent, baggage: value })).toEqual({ traceparent });
  });

  if (where !== '_meta') return;
  test.each([
    ['no text', 1, { a: 1 }, ['a=b']],
    ['line breaks', `${traceparent}\r\n`, 'a=1\r\nx-injected: 1', 'a=b\r\nx-injected: 1'],
    ['a line break at the end', `${traceparent}\n`, 'a=1\n', 'a=b\n'],
    ['letters beyond ASCII', `${traceparent}ä`, 'a=ä', 'a=ä'],
    ['nothing', '', '', ''],
    ['null', null, null, null],
  ])('values with %s are dropped, and the call goes on', async (_, parent, state, bag) => {
    expect(await pass({ traceparent: parent, tracestate: state, baggage: bag })).toEqual({});
    expect(await pass({ traceparent, tracestate: state, baggage: bag })).toEqual({ traceparent });
    expect(synqly.requests.at(-1)?.headers).not.toHaveProperty('x-injected');
  });
});
