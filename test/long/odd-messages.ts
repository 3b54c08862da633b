import fc from 'fast-check';

/** A text or bytes that are sent as one message, and what must come of it. */
export interface OddMessage {
  readonly kind: string;
  readonly bytes: Buffer;
  /** JSON texts of the ids that must each be answered exactly once. */
  readonly ids: readonly string[];
  /** Whether an answer without an id may come too: something in it cannot be told back. */
  readonly mayBeNull: boolean;
}

const words = [
  '',
  'x',
  '__proto__',
  'constructor',
  '\ud800',
  '\u0000',
  '{"limit":1}',
  '[1]',
  'null',
  '€'.repeat(50),
];

const oddValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(null, [], {}, 0, -1, 1.5, 1e300, true, false, [null], [[]], { a: null }),
  fc.constantFrom<unknown>(...words),
);

const ref = { type: 'ref/resource', uri: 'synqly://status/{account_id}/{integration_id}/timeseries' };
const clientInfo = { name: 'fuzz', version: '1' };

/** What clients say; each is then changed. */
const sound: readonly (readonly [method: string, params: unknown])[] = [
  ['ping', {}],
  ['initialize', { protocolVersion: '2025-11-25', capabilities: { elicitation: {}, roots: {} }, clientInfo }],
  ['tools/list', { cursor: 'x' }],
  ['tools/call', { name: 'accounts_list', arguments: { limit: 1 }, _meta: { progressToken: 1 } }],
  ['tools/call', { name: 'accounts_get', arguments: { account_id: 'nobody' }, task: { ttl: 1 } }],
  ['tools/call', { name: 'whoami', arguments: '{}' }],
  ['tools/call', { name: 'no_such_tool', arguments: null }],
  ['resources/list', { cursor: null }],
  ['resources/templates/list', null],
  ['resources/read', { uri: 'synqly://status/timeseries' }],
  ['completion/complete', { ref, argument: { name: 'account_id', value: 'a' }, context: { arguments: {} } }],
  ['logging/setLevel', { level: 'debug' }],
  ['tasks/get', { taskId: 'x' }],
  ['notifications/cancelled', { requestId: 'nobody', reason: 'x' }],
  ['notifications/initialized', {}],
];

/** Puts odd values in the place of some parts of a value. */
function change(value: unknown, changes: readonly { readonly at: number; readonly odd: unknown }[]): unknown {
  let changed = value;
  for (const { at, odd } of changes) {
    const paths = pathsOf(changed);
    changed = replaced(changed, paths[at % paths.length] ?? [], odd);
  }
  return changed;
}

type Path = readonly string[];

function pathsOf(value: unknown): Path[] {
  if (typeof value !== 'object' || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, part]) => pathsOf(part).map((path) => [key, ...path]))];
}

function replaced(value: unknown, [key, ...rest]: Path, odd: unknown): unknown {
  if (key === undefined) return odd;
  const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) };
  copy[key] = replaced(copy[key], rest, odd);
  return Array.isArray(value) ? Object.values(copy) : copy;
}

const deep = fc
  .tuple(fc.constantFrom('[', '{"a":'), fc.constantFrom(30, 500, 5_000, 60_000))
  .map(
    ([open, depth]) =>
      open.repeat(depth) +
      (open === '[' ? ']' : '1}').repeat(1) +
      (open === '[' ? ']' : '}').repeat(depth - 1),
  );

const params = fc.oneof(
  { weight: 12, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: oddValue.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: deep.map((text) => `{"name":"accounts_list","arguments":{"filter":${text}}}`) },
  { weight: 1, arbitrary: fc.nat(80_000).map((length) => `{"name":"${'n'.repeat(length)}","cursor":null}`) },
);

/** Ids that can be told back, each once. */
const usableId = (number: number) =>
  fc.constantFrom(
    JSON.stringify(`m${number}`),
    JSON.stringify(`"${number}"}\\ \u2028 é`),
    String(number + 1_000),
    String(-number - 1_000),
    // Apart from one another by more than what a number rounds.
    String(9_007_199_254_740_993n + 4_096n * BigInt(number)),
    `${number + 1_000}.5`,
  );
const uselessId = fc.constantFrom('null', 'true', '{}', '[1]', '{"id":1}', '1e999');

interface Parts {
  readonly members: readonly string[];
  readonly asks: boolean;
}

const memberTexts = fc
  .record({
    base: fc.constantFrom(...sound),
    changes: fc.array(fc.record({ at: fc.nat(30), odd: oddValue }), { maxLength: 3 }),
    given: params,
    version: fc.oneof(
      { weight: 15, arbitrary: fc.constant('"2.0"') },
      { weight: 1, arbitrary: oddValue.map((value) => JSON.stringify(value)) },
    ),
    oddMethod: fc.option(oddValue, { freq: 8 }),
    extra: fc.option(oddValue, { freq: 8 }),
  })
  .map(({ base: [method, sent], changes, given, version, oddMethod, extra }): Parts => {
    const said = oddMethod === null ? method : oddMethod;
    const members = [`"jsonrpc":${version}`, `"method":${JSON.stringify(said)}`];
    const text = given ?? JSON.stringify(change(sent, changes));
    if (text !== undefined) members.push(`"params":${text}`);
    if (extra !== null) members.push(`"extra":${JSON.stringify(extra)}`);
    return { members, asks: true };
  });

/** One message, numbered so that its id is its own. */
export function oddMessage(number: number): fc.Arbitrary<OddMessage> {
  const whole = fc
    .tuple(memberTexts, usableId(number), fc.nat(4))
    .map(([{ members }, id, at]) => ({ id, text: `{${inserted(members, `"id":${id}`, at).join(',')}}` }));
  const begun = fc
    .tuple(memberTexts, usableId(number))
    .map(([{ members }, id]) => ({ id, text: `{"jsonrpc":"2.0","id":${id},${members.slice(1).join(',')}}` }));
  return fc.oneof(
    { weight: 10, arbitrary: whole.map(({ id, text }) => message('changed', text, [id])) },
    {
      weight: 2,
      arbitrary: fc.tuple(begun, fc.double({ min: 0, max: 1, noNaN: true })).map(([{ id, text }, part]) => {
        const head = `{"jsonrpc":"2.0","id":${id},`.length;
        const cut = text.slice(0, head + Math.floor((text.length - 1 - head) * part));
        return message('cut off', cut, [id]);
      }),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(memberTexts, uselessId, fc.nat(4))
        .map(([{ members }, id, at]) =>
          message('no usable id', `{${inserted(members, `"id":${id}`, at).join(',')}}`, [], true),
        ),
    },
    {
      weight: 1,
      arbitrary: memberTexts.map(({ members }) => message('no id', `{${members.join(',')}}`, [], true)),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(oddValue, fc.constantFrom('result', 'error'), fc.nat(50))
        .map(([value, key, id]) =>
          message('an answer', `{"jsonrpc":"2.0","id":${id},"${key}":${JSON.stringify(value)}}`, []),
        ),
    },
    { weight: 1, arbitrary: oddValue.map((value) => message('a value', valueText(value), [], true)) },
    {
      weight: 1,
      arbitrary: fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => ({
        kind: 'binary',
        bytes: Buffer.from(bytes.map((byte) => (byte === 10 ? 0 : byte))),
        ids: [],
        mayBeNull: true,
      })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(memberTexts, memberTexts, memberTexts)
        .map((all) => all.map(({ members }, index) => `{"id":"b${number}-${index}",${members.join(',')}}`))
        .map((texts) =>
          message(
            'a batch',
            `[${texts.join(',')},7]`,
            texts.map((_, index) => `"b${number}-${index}"`),
            true,
          ),
        ),
    },
  );
}

/** Lists of messages would be batches, whose ids are not followed here. */
const valueText = (value: unknown) => (Array.isArray(value) ? '[]' : JSON.stringify(value));

function message(kind: string, text: string, ids: readonly string[], mayBeNull = false): OddMessage {
  return { kind, bytes: Buffer.from(text), ids, mayBeNull };
}

function inserted(list: readonly string[], item: string, at: number): string[] {
  const place = at % (list.length + 1);
  return [...list.slice(0, place), item, ...list.slice(place)];
}
