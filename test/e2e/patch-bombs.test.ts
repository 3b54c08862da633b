import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/start.ts';
import { type RawProgram, startRawStdio } from './raw-calls.ts';
import { callWithin } from './within.ts';

type Step = Record<string, unknown>;

let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let account: string;
let integration: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  account = sandbox.state.collections.account.all()[0]?.id ?? '';
  integration = sandbox.state.collections.integration.all()[0]?.id ?? '';
});
afterAll(() => sandbox.close());

let program: RawProgram | undefined;
afterAll(() => program?.close());

/** A program that serves; a new one when the last was ended. */
async function call(tool: string, args: object) {
  program ??= await startRawStdio(['--base-url', sandbox.baseUrl, '--confirm', 'change'], sandbox.token);
  try {
    const { text, isError } = await callWithin(program, tool, args);
    return { isError, json: JSON.parse(text) };
  } catch (error) {
    program = undefined;
    throw error;
  }
}

const times = (count: number, step: (at: number) => Step) =>
  Array.from({ length: count }, (_, at) => step(at));
const double = { op: 'copy', from: '/labels', path: '/labels/-' };
const labels = { op: 'add', path: '/labels', value: ['a'] };
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

const bombs: Record<string, Step[]> = {
  'a list that is copied into itself': [labels, ...times(30, () => double)],
  'an object that is copied into itself': [
    { op: 'add', path: '/x', value: { a: 'a' } },
    ...times(30, (at) => ({ op: 'copy', from: '/x', path: `/x/${at}` })),
  ],
  'two lists that are copied into each other': [
    { op: 'add', path: '/x', value: ['a'] },
    { op: 'add', path: '/y', value: ['a'] },
    ...times(30, (at) => ({ op: 'copy', from: at % 2 ? '/x' : '/y', path: at % 2 ? '/y/-' : '/x/-' })),
  ],
  'a long text that is copied often': [
    { op: 'add', path: '/x', value: ['a'.repeat(100_000)] },
    ...times(900, (at) => ({ op: 'copy', from: '/x/0', path: `/x/${at}` })),
  ],
  'a list that grows level by level': [
    { op: 'add', path: '/a', value: 1 },
    ...Array.from({ length: 300 }, (_, at): Step[] => [
      { op: 'add', path: `/b${at}`, value: nested(50) },
      { op: 'move', from: '/a', path: `/b${at}${'/0'.repeat(49)}/0` },
      { op: 'move', from: `/b${at}`, path: '/a' },
    ]).flat(),
  ],
};

describe('patches that grow an object beyond the limits', () => {
  test.each(Object.entries(bombs))('%s: its preview is refused', async (_, patch) => {
    const { json } = await call('preview_call', {
      tool: 'accounts_patch',
      arguments: { account_id: account, patch },
    });
    expect(json.error).toMatchObject({ code: 'invalid_arguments', retry: 'no' });
    expect(json.error.arguments[0].argument).toMatch(/^patch\.\d+$/);
    expect(json.error.arguments[0].problem).toMatch(
      /copies more than 1000000 characters in all|nests more than 500 levels deep/,
    );
    expect((await call('accounts_get', { account_id: account })).isError).toBe(false);
  });

  test.each([
    ['accounts_patch', () => ({ account_id: account })],
    ['integrations_patch', () => ({ account_id: account, integration_id: integration })],
  ])('%s: its confirmation is refused as well, and nothing is sent', async (tool, ids) => {
    const patch = [{ op: 'add', path: '/x', value: ['a'] }].concat(
      // Steps of another kind than the first.
      times(30, () => ({ op: 'copy', from: '/x', path: '/x/-' })) as never,
    );
    const owner = sandbox.state.collections.integration.all()[0]?.account_id ?? '';
    const given = tool === 'accounts_patch' ? ids() : { ...ids(), account_id: owner };
    const { json } = await call(tool, { ...given, patch });
    expect(json.error).toMatchObject({
      code: 'invalid_arguments',
      arguments: [{ argument: expect.stringMatching(/^patch\.\d+$/) }],
    });
  });

  test('more than a thousand steps are refused, with the maximum', async () => {
    const { json } = await call('accounts_patch', { account_id: account, patch: times(1001, () => labels) });
    expect(json.error.arguments).toEqual([{ argument: 'patch', problem: 'must hold at most 1000 items' }]);
  });

  test('a path of too many levels is refused, with the maximum', async () => {
    for (const name of ['path', 'from']) {
      const step = { op: 'copy', path: '/labels', from: '/labels', [name]: '/a'.repeat(450_000) };
      const { json } = await call('preview_call', {
        tool: 'accounts_patch',
        arguments: { account_id: account, patch: [step] },
      });
      expect(json.error.arguments).toEqual([
        { argument: `patch.0.${name}`, problem: 'must have at most 2000 characters' },
      ]);
    }
  });

  test('ordinary patches are accepted', async () => {
    const before = (await call('accounts_get', { account_id: account })).json.result.labels ?? [];
    const patch = [
      labels,
      { op: 'add', path: '/labels/-', value: 'b' },
      { op: 'copy', from: '/labels/0', path: '/labels/-' },
      { op: 'move', from: '/labels/0', path: '/labels/2' },
      { op: 'replace', path: '/labels/0', value: 'z' },
      ...times(40, (at) => ({ op: 'add', path: '/labels/-', value: `l${at}` })),
    ];
    const { json } = await call('preview_call', {
      tool: 'accounts_patch',
      arguments: { account_id: account, patch },
    });
    const change = json.changes.find((one: Step) => one.path === '/labels');
    expect(change.from ?? []).toEqual(before);
    expect(change.to.slice(0, 4)).toEqual(['z', 'a', 'a', 'l0']);
    expect(json.sends.body[0]).toEqual(labels);
  });
});

test('the sandbox refuses such a patch too, and goes on', async () => {
  const own = await startRawStdio(['--sandbox', '--confirm', 'never']);
  try {
    const id = JSON.parse((await callWithin(own, 'accounts_create', { name: 'bombed' })).text).result.account
      .id;
    const { text } = await callWithin(own, 'accounts_patch', {
      account_id: id,
      patch: [labels, ...times(30, () => double)],
    });
    expect(JSON.parse(text).error).toMatchObject({ code: 'invalid_request', status: 400 });
    expect(JSON.stringify(JSON.parse(text))).toContain('copy at most 1000000 characters');
    expect((await callWithin(own, 'accounts_get', { account_id: id })).isError).toBe(false);
  } finally {
    await own.close();
  }
});
