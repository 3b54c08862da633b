import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { findWorkflow, workflows } from '../../src/tools/workflows/index.ts';
import { startFakeSynqly } from '../e2e/fake-synqly.ts';
import { connectGateway } from '../e2e/gateway-support.ts';
import { postTo } from '../e2e/http-support.ts';
import { marker, type Planted, plant } from '../e2e/pins-support.ts';
import { startPlantingProxy } from '../e2e/planting-proxy.ts';
import { type Program, type Rig, startProgram, startRig, workflowNames } from '../e2e/support.ts';
import { testSurfaces } from '../e2e/surfaces.ts';
import { type Json, openCaller, rowsOf, ways } from '../e2e/workflows-support.ts';
import { writtenForms } from '../lib/written-forms.ts';

type Args = Record<string, unknown>;

/** A call of each workflow, about a customer of the sandbox. */
const customer = 'aldermere-logistics';
const calls: Readonly<Record<string, Args>> = {
  diagnose_integrations: {},
  account_overview: { account_id: customer },
  who_changed: { object: customer, type: 'account' },
  access_review: {},
  usage_report: { account_id: customer },
};

/** What is read of the organization, so that nobody who is pinned may call it. */
const ofOrganization: readonly string[] = ['who_changed', 'access_review'];

/** The arguments without those that an account pin fixes. */
const withoutAccount = ({ account_id: _, ...others }: Args): Args => others;

let sandbox: Sandbox;
const methods: string[] = [];
beforeAll(async () => {
  sandbox = await startSandbox({ onExchange: ({ method }) => methods.push(method) });
});
afterAll(() => sandbox.close());

test('every workflow is called here', () => {
  expect(Object.keys(calls).sort()).toEqual([...workflowNames].sort());
});

describe.each(ways)('workflows on the %s surface over %s', (...way) => {
  test('answer a viewer who may only read, with a summary first', async () => {
    const { result } = await postTo(sandbox, '/v1/tokens', {
      name: `viewer-${way.join('-')}`,
      permission_set: 'viewer',
      resources: {},
    });
    const token = result.primary.access.secret;
    const caller = await openCaller({ baseUrl: sandbox.baseUrl, token }, way, ['--read-only']);
    methods.length = 0;
    for (const [name, args] of Object.entries(calls)) {
      const { json, text, isError } = await caller.run(name, args);
      expect(isError, text).toBe(false);
      expect(Object.keys(json)[0], name).toBe('summary');
      expect(json.not_read, name).toBeUndefined();
      for (const next of json.next ?? []) {
        const followed = await caller.run(next.tool, next.arguments);
        expect(followed.isError, `${name}: ${followed.text}`).toBe(false);
      }
    }
    expect(new Set(methods)).toEqual(new Set(['GET']));
    await caller.close();
  });

  test('show no secret, wherever Synqly has one', async () => {
    const proxy = await startPlantingProxy(sandbox.baseUrl);
    const { token } = sandbox;
    const caller = await openCaller({ baseUrl: proxy.url, token }, way);
    const texts: string[] = [];
    for (const [name, args] of Object.entries(calls)) {
      const { text, isError } = await caller.run(name, args);
      expect(isError, text).toBe(false);
      texts.push(text);
    }
    expect(proxy.planted.size).toBeGreaterThan(0);
    for (const secret of [...proxy.planted, token])
      for (const { kind, text } of writtenForms(secret))
        expect(
          texts.filter((one) => one.includes(text)),
          `${kind} of ${secret}`,
        ).toEqual([]);
    await caller.close();
    proxy.close();
  });
});

test('secrets that others copied into what workflows show are masked', async () => {
  const copied: string[] = [];
  const { token } = sandbox;
  const copy = (secret: string) => {
    copied.push(secret);
    return `says ${secret}`;
  };
  const api = await startFakeSynqly(async ({ method, path, query, headers }) => {
    const isToken = /^\/v1\/tokens(\/[^/]+\/info)?$/.test(path);
    if (method !== 'GET' || (!isToken && !path.endsWith('/events'))) return undefined;
    const response = await fetch(`${sandbox.baseUrl}${path}?${query}`, {
      headers: { authorization: headers.authorization ?? '' },
    });
    const json = (await response.json()) as Json;
    for (const row of [json.result ?? []].flat()) {
      if (isToken) row.name = copy(row.primary.access.secret);
      else if (row.error) row.error = copy(token);
    }
    return { status: response.status, json };
  }, sandbox.baseUrl);
  const caller = await openCaller({ baseUrl: api.url, token }, ['full', 'stdio']);
  let shown = '';
  for (const [name, args] of Object.entries(calls)) shown += (await caller.run(name, args)).text;
  // The texts around the secrets are there, in three workflows.
  expect(shown.match(/says /g)?.length).toBeGreaterThan(4);
  expect(new Set(copied).size).toBeGreaterThan(3);
  expect(copied.filter((secret) => shown.includes(secret))).toEqual([]);
  await caller.close();
  api.close();
});

describe('under a pin', () => {
  let rig: Rig;
  let planted: Planted;
  beforeAll(async () => {
    rig = await startRig({ sandbox: { size: 'small' }, args: ['--confirm', 'never'] });
    planted = await plant(rig);
    for (const { id, integrationId } of [planted.inside, planted.outside])
      for (let count = 0; count < 3; count += 1)
        rig.sandbox.state.usage.record(
          integrationId,
          `no answer of ${id === planted.outside.id ? marker : id}`,
        );
  });
  afterAll(() => rig.close());

  const connect = (surface: 'full' | 'compact', way: string, flags: string[]): Promise<Program> =>
    way === 'flags'
      ? startProgram(['--base-url', rig.sandbox.baseUrl, '--surface', surface, ...flags], {
          SYNQLY_TOKEN: rig.sandbox.token,
        })
      : connectGateway(rig.sandbox, flags, ['--surface', surface]);

  test.each([
    ['full', 'flags'],
    ['compact', 'flags'],
    ['full', 'an MCP token over HTTP'],
    ['compact', 'an MCP token over HTTP'],
  ] as const)(
    'on an account, workflows on the %s surface with %s show nothing of another',
    async (surface, way) => {
      const { inside, outside } = planted;
      const program = await connect(surface, way, ['--account', inside.name]);
      for (const name of workflowNames.filter((one) => !ofOrganization.includes(one))) {
        const args = withoutAccount(calls[name] ?? {});
        const { json, text, isError } = await program.call(...testSurfaces[surface].toolCall(name, args));
        expect(isError, text).toBe(false);
        expect(text, name).toContain(inside.name);
        expect(text, name).not.toContain(marker);
        expect(text, name).not.toContain(outside.id);
        for (const { why } of json.not_read ?? []) expect(why).toContain('pinned to');
        for (const next of json.next ?? []) {
          const followed = await program.call(...testSurfaces[surface].toolCall(next.tool, next.arguments));
          expect(followed.isError, `${name}: ${followed.text}`).toBe(false);
        }
        if ('account_id' in (findWorkflow(name)?.input.shape ?? {})) {
          const named = { ...args, account_id: outside.name };
          const other = await program.call(...testSurfaces[surface].toolCall(name, named));
          expect(other.json.error.code, name).toBe('outside_pin');
        }
      }
      await program.close();
    },
  );

  test.each(['full', 'compact'] as const)(
    'on an environment, they show nothing of the other on the %s surface',
    async (surface) => {
      const { inside, outside } = planted;
      const program = await connect(surface, 'flags', ['--environment', 'test']);
      for (const name of workflowNames.filter((one) => !ofOrganization.includes(one))) {
        const run = (args: Args) => program.call(...testSurfaces[surface].toolCall(name, args));
        const isAbout = (account_id: string) => ({
          ...calls[name],
          ...(calls[name]?.account_id !== undefined && { account_id }),
        });
        const { text, isError } = await run(isAbout(inside.name));
        expect(isError, text).toBe(false);
        expect(text, name).not.toContain(marker);
        if ('account_id' in (findWorkflow(name)?.input.shape ?? {})) {
          const { json } = await run({ ...calls[name], account_id: outside.name });
          expect(json.error.code, name).toBe('outside_pin');
        }
      }
      await program.close();
    },
  );

  test.each(['full', 'compact'] as const)(
    'the %s surface has no workflow that is about the organization',
    async (surface) => {
      const program = await connect(surface, 'flags', ['--account', planted.inside.name]);
      const names = await namesOn(program, surface);
      expect(names.filter((name) => ofOrganization.includes(name))).toEqual([]);
      for (const name of ofOrganization) {
        const called = program.call(...testSurfaces[surface].toolCall(name, calls[name]));
        if (surface === 'full') await expect(called).rejects.toThrow(/not found|unknown/i);
        else expect((await called).json.error.code).toBe('unknown_operation');
      }
      await program.close();
    },
  );
});

async function namesOn(program: Program, surface: 'full' | 'compact'): Promise<string[]> {
  if (surface === 'full') return (await program.client.listTools()).tools.map(({ name }) => name);
  const { json } = await program.call('find_operations', { limit: 1_000 });
  return json.operations.map(({ id }: Json) => id);
}

describe.each(['full', 'compact'] as const)('on the %s surface', (surface) => {
  const open = (...flags: string[]) =>
    startProgram(['--base-url', sandbox.baseUrl, '--surface', surface, ...flags], {
      SYNQLY_TOKEN: sandbox.token,
    });

  test('a workflow is there unless it, or an operation that it needs, is denied', async () => {
    for (const { id, reads } of workflows) {
      const denied = await open('--deny', id);
      expect(await namesOn(denied, surface)).not.toContain(id);
      const refused = denied.call(...testSurfaces[surface].toolCall(id, calls[id]));
      if (surface === 'full') await expect(refused, id).rejects.toThrow();
      else expect((await refused).json.error.code, id).toBe('unknown_operation');
      await denied.close();
      const without = await open('--deny', String(reads[0]));
      const names = await namesOn(without, surface);
      expect(names).not.toContain(id);
      expect(names).toContain(
        workflows.find((one) => !one.reads.includes(String(reads[0])))?.id ?? 'accounts_get',
      );
      await without.close();
    }
  });

  test('names what it may not read, and goes on', async () => {
    for (const { id, reads, alsoReads } of workflows) {
      const [denied] = alsoReads.filter((one) => !reads.includes(one));
      if (denied === undefined) continue;
      const program = await open('--deny', denied);
      const { json, text, isError } = await program.call(...testSurfaces[surface].toolCall(id, calls[id]));
      expect(isError, text).toBe(false);
      expect(json.summary).not.toBe('');
      expect(json.not_read, id).toContainEqual(
        expect.objectContaining({ operation: denied, why: 'the administrator has not selected it' }),
      );
      await program.close();
    }
  });
});

test('a misspelt name to deny is refused', async () => {
  const args = ['--base-url', sandbox.baseUrl, '--deny', 'diagnose_everything'];
  await expect(startProgram(args, { SYNQLY_TOKEN: sandbox.token })).rejects.toThrow();
});

test('find_operations finds each workflow, with its arguments, and run_write does not run it', async () => {
  const program = await startProgram(['--base-url', sandbox.baseUrl, '--surface', 'compact'], {
    SYNQLY_TOKEN: sandbox.token,
  });
  for (const { id } of workflows) {
    const { json } = await program.call('find_operations', { query: id });
    expect(json.operations[0]).toMatchObject({ id, effect: 'read', arguments: { type: 'object' } });
    const written = await program.call('run_write', { operation: id, arguments: calls[id] });
    expect(written.json.error.code).toBe('wrong_tool');
    const batch = await program.call('run_read', { calls: [{ operation: id, arguments: calls[id] }] });
    expect(rowsOf(batch.json.errors)[0]).toMatchObject({
      code: 'wrong_tool',
      message: `${id} is a workflow, which cannot be part of a batch: call it by itself.`,
    });
  }
  await program.close();
});

test.each([
  ['which connections are broken, and why', 'diagnose_integrations'],
  ['everything about one customer before we off-board them', 'account_overview'],
  ['who removed a label from an account', 'who_changed'],
  ['who has access to what, and which permissions are unused', 'access_review'],
  ['compare traffic with yesterday', 'usage_report'],
])('a search for %j finds %s among the first three', async (query, id) => {
  const program = await startProgram(['--base-url', sandbox.baseUrl, '--surface', 'compact'], {
    SYNQLY_TOKEN: sandbox.token,
  });
  const { json } = await program.call('find_operations', { query, limit: 3 });
  expect(json.operations.map((one: Json) => one.id)).toContain(id);
  await program.close();
});

test('tables that are cut are read on with read_more', async () => {
  const small = await openCaller(sandbox, ['full', 'stdio'], ['--max-result-tokens', '1000']);
  const large = await openCaller(sandbox, ['full', 'stdio'], ['--max-result-tokens', '100000']);
  let count = 0;
  for (const [name, args] of Object.entries(calls)) {
    const [{ json: cut }, { json: whole }] = [await small.run(name, args), await large.run(name, args)];
    expect(whole.more, name).toBeUndefined();
    for (const [table, { remaining, next }] of Object.entries<Json>({ '': cut.more ?? {}, ...cut.more })) {
      if (next?.tool !== 'read_more') continue;
      const all = table === '' ? whole : whole[table];
      const shown = table === '' ? cut : cut[table];
      expect(shown.columns, `${name} ${table}`).toEqual(all.columns);
      expect(remaining).toBe(all.rows.length - shown.rows.length);
      const { json } = await small.run('read_more', next.arguments);
      const items = json.value.$items ?? json.value;
      expect(items.length, `${name} ${table}`).toBeGreaterThan(0);
      expect([...shown.rows, ...items], `${name} ${table}`).toEqual(
        all.rows.slice(0, shown.rows.length + items.length),
      );
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(0);
  await small.close();
  await large.close();
});
