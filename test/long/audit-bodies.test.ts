import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeSynqly, startFakeSynqly } from '../e2e/fake-synqly.ts';
import { type Program, type Rig, startProgram, startRig } from '../e2e/support.ts';
import { testSurfaces } from '../e2e/surfaces.ts';
import { writtenForms } from '../lib/written-forms.ts';
import {
  answerSchemaOf,
  type Fact,
  facts,
  requestSchemaOf,
  resolved,
  type Schema,
  sensitivePathsOf,
} from '../tools/fact-sheet.ts';

/*
 * The audit log of Synqly repeats what was sent and returned. Entries of every operation, with a secret in every place that
 * the fact sheet marks and in every field that is named like one, in several encodings: none is shown, and the rest is.
 */

type Json = Record<string, unknown>;

let count = 0;
const canaries = new Set<string>();
/** A new secret, with characters that each encoding writes differently. */
function plant(): string {
  count += 1;
  const secret = `cnry"+/${count}-zq&é=x`;
  canaries.add(secret);
  return secret;
}

/** What providers take in fields that the API does not define. */
function freeForm(): Json {
  const secret = () => plant();
  return {
    type: 'siem_splunk',
    url: 'https://splunk.visible.example',
    search_service_credential: { type: 'token', secret: secret() },
    credential: {
      type: 'o_auth_client',
      client_id: 'id',
      client_secret: secret(),
      extra: { resource: secret() },
    },
    api_key: secret(),
    apiToken: secret(),
    Password: secret(),
    headers: { 'X-Anything': secret(), Authorization: `Bearer ${secret()}` },
    static_headers: [{ name: 'X-Thing', value: secret() }],
    endpoints: { one: secret() },
    text_of_json: JSON.stringify({ deep: { client_secret: secret() } }),
    text_of_text: JSON.stringify({ text: JSON.stringify({ password: secret() }) }),
    base64_of_json: Buffer.from(JSON.stringify({ private_key: secret() })).toString('base64'),
    form: new URLSearchParams({ user: 'visible', password: secret() }).toString(),
    link: `https://host.example/hook?api_key=${encodeURIComponent(secret())}&x=1`,
    with_user: `https://user:${encodeURIComponent(secret())}@host.example/`,
    notes: `Authorization: Basic ${Buffer.from(`user:${secret()}`).toString('base64')}`,
    jwt: (() => {
      const token = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(`{"a":"${count}"}`).toString('base64url')}.cnrysignature`;
      canaries.add(token);
      return token;
    })(),
    certificate: `-----BEGIN PRIVATE KEY-----\n${plant()}\n-----END PRIVATE KEY-----`,
  };
}

/** Every field of a schema; those that the fact sheet marks hold a secret of their own. */
function everythingOf(node: Schema, above: readonly string[] = []): unknown {
  if (node.$ref !== undefined && above.includes(node.$ref)) return undefined;
  const trail = node.$ref === undefined ? above : [...above, node.$ref];
  const schema = resolved(node);
  const { properties, items, anyOf, oneOf, type } = schema;
  const [kind] = [type ?? []].flat().filter((one) => one !== 'null');
  const isOpen = kind === 'object' && (!properties || schema.additionalProperties !== false);
  if (schema['x-sensitive']) return isOpen ? freeForm() : plant();
  const options = (anyOf ?? oneOf)?.filter((one) => resolved(one).type !== 'null');
  if (options) return everythingOf(options[count % options.length] as Schema, trail);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (kind === 'array') return items ? [everythingOf(items, trail)] : [];
  if (properties) {
    const entries = Object.entries(properties).map(([name, one]) => [name, everythingOf(one, trail)]);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }
  if (kind === 'object') return freeForm();
  if (kind === 'integer' || kind === 'number') return 3;
  return kind === 'boolean' ? true : 'visible';
}

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => [name, ...textsIn(part)]);
};

/** A Problem that repeats texts wherever it has one. */
function problemWith(text: string): Json {
  const said = { message: `no: ${text}`, detail: text, remediation: `not ${text}` };
  const parameter = { id: '/secret', location: 'body', value: text };
  return {
    ...said,
    status: 400,
    context: { parameter, raw_error: text, provider_details: { [text]: text, words: [text] } },
    cause: [{ ...said, context: { parameter, raw_error: `{"x":"${text}"}` } }],
  };
}

/** Steps of a JSON Patch to every secret, its parents, and fields named like one. */
function stepsFor(paths: readonly string[]): Json[] {
  const pointers = paths.map((path) => `/${path.replaceAll('[]', '.0').replaceAll('.', '/')}`);
  return [
    { op: 'replace', path: '/fullname', value: 'visible' },
    ...pointers.map((path) => ({ op: 'replace', path, value: plant() })),
    ...pointers.map((path) => ({ op: 'add', path: path.toUpperCase(), value: { any: [plant()] } })),
    ...['/secret', '/secret/value', '/config/secret', '/provider_config/api_key', '/config/session'].map(
      (path) => ({
        op: 'test',
        path,
        value: plant(),
      }),
    ),
    { op: 'add', path: '/provider_config/headers/X-Thing', value: plant() },
    { op: 'add', path: '/provider_config', value: freeForm() },
    {
      op: 'replace',
      path: '',
      value: { provider_config: freeForm(), config: { type: 'token', secret: plant() } },
    },
    { op: 'add', path: '/config', value: JSON.stringify({ type: 'token', secret: plant() }) },
  ];
}

function requestFor(fact: Fact): unknown {
  const schema = requestSchemaOf(fact);
  if (!schema) return undefined;
  if (fact.method !== 'PATCH') return everythingOf(schema);
  // What the other operations of the path take.
  const others = facts.filter(({ path }) => path === fact.path);
  return stepsFor(others.flatMap((one) => sensitivePathsOf(requestSchemaOf(one))));
}

/** Entries of calls of one operation, as Synqly may have recorded them. */
function entriesFor(fact: Fact): Json[] {
  const path = fact.path.replaceAll(/\{(\w+)\}/g, 'some-$1');
  const base = {
    created_at: '2026-01-01T00:00:00Z',
    audit_type: 'API',
    method: fact.method,
    path,
    code: '200',
  };
  const entries: Json[] = [];
  const add = (body: unknown, response: unknown, code = '200') => {
    const created_at = new Date(Date.UTC(2026, 0, 1, 0, 0, entries.length)).toISOString();
    entries.push({ ...base, created_at, code, ...(body !== undefined && { body }), response });
  };
  const schema = answerSchemaOf(fact);
  const answerOf = () => (schema ? everythingOf(schema) : undefined);
  const textOf = () => JSON.stringify(answerOf() ?? {});
  const request = () => requestFor(fact);

  add(request(), textOf());
  const text = JSON.stringify(request() ?? {});
  add(text, textOf());
  add(JSON.stringify(text), JSON.stringify(textOf()));
  add(Buffer.from(text).toString('base64'), Buffer.from(textOf()).toString('base64'));
  add(new URLSearchParams({ body: text, secret: plant() }).toString(), `secret=${plant()}`);
  // Cut, with and without a mark.
  for (const part of [0.2, 0.4, 0.6, 0.8, 0.97]) {
    const whole = textOf();
    add(text.slice(0, text.length * part), `${whole.slice(0, whole.length * part)}…`);
  }
  // Copies of what was sent, in every form.
  const sent = request();
  const secrets = textsIn(sent).filter((one) => canaries.has(one));
  for (const secret of secrets.slice(0, 1)) {
    const copies = writtenForms(secret).map((form) => form.text);
    const short = Array.isArray(sent)
      ? sent.filter((step) => JSON.stringify(step).includes(secret.slice(7)))
      : sent;
    add(short, JSON.stringify({ result: { fullname: copies.join(' and '), labels: copies } }));
    for (const copy of copies) add(short, JSON.stringify(problemWith(copy)), '400');
  }
  // Masked by Synqly, which then repeats it in a text; or no body recorded at all.
  if (requestSchemaOf(fact) && (secrets.length > 0 || fact.method === 'PATCH')) {
    const masked = JSON.parse(JSON.stringify(sent), (_, value) => (canaries.has(value) ? '***' : value));
    for (const unknown of [undefined, masked, text.slice(0, -9)]) {
      // Without the value of the parameter, by which the texts would be searched.
      const problems = [plant(), plant()].map((secret) => ({
        ...problemWith(secret),
        context: {},
        cause: [],
      }));
      add(unknown, JSON.stringify(problems[0]), '400');
      add(unknown, JSON.stringify({ result: {}, messages: { problems: [problems[1]] } }));
    }
  }
  return entries;
}

let entries: Json[] = [];
let synqly: FakeSynqly;
let programs: Map<string, Program>;
beforeAll(async () => {
  synqly = await startFakeSynqly(() => ({ json: { result: entries } }));
  const env = { SYNQLY_TOKEN: 'token-of-the-server', SYNQLY_PERMISSIONS: 'ignore' };
  const args = ['--base-url', synqly.url, '--log-level', 'silent', '--max-result-tokens', '1000000'];
  programs = new Map();
  for (const [name, { flags }] of Object.entries(testSurfaces))
    programs.set(name, await startProgram([...args, ...flags], env));
});
afterAll(async () => {
  for (const program of programs.values()) await program.close();
  synqly.close();
});

function expectNoCanary(text: string): void {
  expect(text).not.toContain('cnry');
  // Each text once: most are marks.
  const seen = [...new Set(textsIn(JSON.parse(text)))].join('\n');
  expect(seen).not.toContain('cnry');
  for (const secret of canaries)
    for (const form of writtenForms(secret)) expect(seen.includes(form.text), form.text).toBe(false);
}

describe.each(Object.entries(testSurfaces))('on the %s surface', (name, surface) => {
  const list = async (fields: string[]) => {
    const program = programs.get(name) as Program;
    const [tool, args] = surface.toolCall('audit_list', { fields, limit: entries.length });
    const answer = await program.call(tool, args);
    expect(answer.isError, answer.text).toBe(false);
    return answer;
  };

  test.each(facts.map((fact) => [fact.operationId, fact] as const))(
    'no secret of %s is shown',
    async (_, fact) => {
      canaries.clear();
      entries = entriesFor(fact);
      const all = await list(['*']);
      expectNoCanary(all.text);
      expectNoCanary((await list(['Body', 'response.result', 'response.message'])).text);
      // The rest is shown: what was sent in the first entry, and what came back.
      const [first] = all.json.result;
      if (fact.operationId === 'audit_list') return expect(first.response).toBe('[withheld]');
      if (fact.method === 'PATCH')
        expect(first.body[0]).toEqual({ op: 'replace', path: '/fullname', value: 'visible' });
      else if (requestSchemaOf(fact))
        expect(Object.keys(first.body)).toEqual(Object.keys(entries[0]?.body as Json));
      const { result } = JSON.parse(String(entries[0]?.response));
      if (result !== undefined) expect(first.response).not.toBe('[withheld]');
    },
  );

  test('of unknown operations both are withheld', async () => {
    const body = { fullname: 'visible' };
    const known = { method: 'POST', path: '/v1/accounts', body, response: JSON.stringify({ result: body }) };
    entries = [
      known,
      { ...known, method: 'PUT' },
      { ...known, path: '/v1/anything' },
      { ...known, path: '/v2/accounts' },
      { ...known, path: '/v1/accounts/a/b' },
      { ...known, path: undefined },
      { ...known, method: undefined },
      { ...known, body: 'opaque', response: '"opaque"' },
      { ...known, path: '/v1/accounts?visible=yes' },
    ];
    const { json } = await list(['*']);
    const shown = json.result.map(({ body: one, response }: Json) => [one, response]);
    const both = [body, { result: body }];
    const neither = ['[withheld]', '[withheld]'];
    expect(shown).toEqual([both, ...new Array(7).fill(neither), both]);
  });

  test('without fields neither is shown', async () => {
    entries = entries.slice(0, 2);
    const { text } = await list([]);
    expect(text).not.toContain('visible');
    expect(text).not.toContain('response');
  });
});

describe('in the sandbox', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ args: ['--confirm', 'never'] });
  });
  afterAll(() => rig.close());

  test('an entry says what was changed, and fields select parts of it', async () => {
    await rig.call('accounts_create', { name: 'audited', labels: ['one'] });
    const patch = [{ op: 'replace', path: '/labels', value: ['two'] }];
    await rig.call('accounts_patch', { account_id: 'audited', patch });
    const fields = ['path', 'body', 'response.result.fullname'];
    const filter = ['path[like]/v1/accounts%'];
    const { json } = await rig.call('audit_list', { filter, order: ['created_at[desc]'], limit: 1, fields });
    expect(json.columns).toEqual(['path', 'body', 'response.result.fullname']);
    expect(json.rows).toEqual([['/v1/accounts/audited', patch, 'audited']]);
  });

  test('a response that Synqly has cut is shown as far as it goes', async () => {
    await rig.call('capabilities_list_providers');
    const { json } = await rig.call('audit_list', {
      order: ['created_at[desc]'],
      limit: 1,
      fields: ['response'],
    });
    const [[response]] = json.rows;
    expect(response.result.length).toBeGreaterThan(3);
    expect(response.$cut).toContain('only this part');
  });

  test('neither can be filtered or ordered by', async () => {
    for (const query of [
      { filter: ['body[like]%a%'] },
      { order: ['response'] },
      { filter: ['body.name[eq]x'] },
    ])
      expect((await rig.call('audit_list', query)).json.error.code).toBe('invalid_arguments');
  });
});
