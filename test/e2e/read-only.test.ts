import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogue } from '../../src/tools/catalogue.ts';
import { type HttpRig, startHttpRig } from './http-support.ts';
import { type Rig, startRig, workflowNames } from './support.ts';
import { by, testSurfaces } from './surfaces.ts';

const writing = catalogue.filter(({ effect }) => effect !== 'read').map(({ id }) => id);
const reading = catalogue.filter(({ effect }) => effect === 'read').map(({ id }) => id);

test('54 operations do more than read', () => {
  expect(writing).toHaveLength(54);
});

describe.each([
  ['--read-only', ['--read-only'], {}, testSurfaces.full],
  ['SYNQLY_READ_ONLY', [], { SYNQLY_READ_ONLY: 'true' }, testSurfaces.full],
  ['--read-only, compact,', ['--read-only'], {}, testSurfaces.compact],
])('%s over stdio', (_, args, env, surface) => {
  let rig: Rig;
  beforeAll(async () => {
    rig = by(surface, await startRig({ args: [...args, ...surface.flags], env }));
  });
  afterAll(() => rig.close());

  test('only what reads is listed, and marked so', async () => {
    expect([...(await surface.operationsOf(rig)).keys()]).toEqual(reading);
    const { tools } = await rig.client.listTools();
    expect(tools.filter(({ annotations }) => !annotations?.readOnlyHint)).toEqual([]);
  });

  test.each(writing)('%s is refused before its arguments are looked at', async (id) => {
    const { isError, json } = await rig.call(id, { nonsense: true });
    expect(isError).toBe(true);
    expect(json.error).toMatchObject({ code: 'read_only', retry: 'no' });
    expect(rig.exchanges).toEqual([]);
  });

  test('what reads still works', async () => {
    expect((await rig.call('accounts_list', { limit: 1 })).json.result).toHaveLength(1);
    rig.exchanges.length = 0;
  });
});

describe('--read-only over HTTP', () => {
  let rig: HttpRig;
  let asked: number;
  beforeAll(async () => {
    rig = await startHttpRig({ args: ['--read-only'] });
    await rig.call(rig.sandbox.token, 'whoami');
    asked = rig.exchanges.length;
  });
  afterAll(() => rig.close());

  test('only what reads is listed', async () => {
    const client = await rig.connect(rig.sandbox.token);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      ...reading,
      ...workflowNames,
      'read_batch',
      'read_more',
      'whoami',
    ]);
    await client.close();
  });

  test.each(writing)('%s is refused, the sandbox untouched', async (id) => {
    const { error } = await rig.call(rig.sandbox.token, id);
    expect(error).toMatchObject({ code: 'read_only' });
    expect(rig.exchanges.filter(({ method }) => method !== 'GET')).toEqual([]);
    // Who calls, and what it may do, is asked for all its calls.
    expect(rig.exchanges.length).toBeLessThanOrEqual(asked);
  });
});

test('with pins, only tools that both allow are listed', async () => {
  const rig = await startRig({ args: ['--read-only', '--environment', 'test'] });
  const { tools } = await rig.client.listTools();
  const names = tools.map(({ name }) => name);
  expect(names).toContain('accounts_get');
  expect(names.filter((name) => writing.includes(name))).toEqual([]);
  expect((await rig.call('accounts_create')).json.error.code).toBe('read_only');
  await rig.close();
});
