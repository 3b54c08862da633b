import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeAnswer, type FakeRequest, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { type Program, startProgram } from './support.ts';
import { by, testSurfaces } from './surfaces.ts';

/*
 * Whoever guesses a secret that the server knows must not learn from what is masked whether a guess is right: what an answer
 * repeats of the caller's own arguments is shown as it was given.
 */
const pin = '471196';
const password = 'Summer-2024-ab';
const stored = 'stored-key-of-the-hook-1f';
const times = { created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' };
const guesses = (right: string) => [
  ...Array.from({ length: 60 }, (_, at) => right.replace(/.$/, String.fromCharCode(0x41 + (at % 26)) + at)),
  right,
  `${right}x`,
];
const integration = () => ({
  id: 'hooks',
  name: 'hooks',
  account_id: 'acc',
  fullname: `copied: ${stored}`,
  ...times,
  provider_config: { type: 'siem_mock_siem', settings: `{"password":"${stored}"}` },
  webhook_config: { items: [{ webhook_url: 'u', integrator_key: stored }] },
});

let answer: (request: FakeRequest) => FakeAnswer;
let synqly: FakeSynqly;
let programs: readonly Program[];
beforeAll(async () => {
  synqly = await startFakeSynqly((request) => answer(request));
  const env = {
    SYNQLY_TOKEN: 'token-of-the-server',
    SYNQLY_PERMISSIONS: 'ignore',
    SYNQLY_SECRET_PIN: pin,
    SYNQLY_SECRET_PASSWORD: password,
  };
  programs = await Promise.all(
    [testSurfaces.full, testSurfaces.compact].map(async (surface) =>
      by(surface, await startProgram(['--base-url', synqly.url, ...surface.flags], env)),
    ),
  );
});
beforeAll(async () => {
  answer = () => ({ json: { result: { id: 'c', config: { type: 'token' } } } });
  for (const program of programs)
    for (const name of ['SYNQLY_SECRET_PIN', 'SYNQLY_SECRET_PASSWORD']) {
      const config = { type: 'token', secret: `\${env:${name}}` };
      const { isError } = await program.call('credentials_create', { owner_id: 'acc', config });
      expect(isError).toBe(false);
    }
});
afterAll(async () => {
  for (const program of programs) await program.close();
  synqly.close();
});

const echoBody = ({ body }: FakeRequest): FakeAnswer => ({
  json: { result: { id: 'acc', name: 'acc', ...times, ...JSON.parse(body) } },
});

async function onEach(run: (program: Program) => Promise<void>) {
  for (const program of programs) await run(program);
}

describe.each([
  ['a PIN', pin],
  ['a password', password],
])('%s cannot be found', (_, right) => {
  const all = guesses(right);

  test('in the sample data of mappings_apply, whatever the mapping makes of it', async () => {
    for (const make of [
      (data: { all: string[] }) => ({ data, raw_data: data }),
      (data: { all: string[] }) => ({ rows: data.all }),
      (data: { all: string[] }) => ({ text: data.all.join(' '), moved: { [data.all[0] ?? '']: data.all } }),
      (data: { all: string[] }) => ({ rows: data.all.map((one) => `<${one}>`) }),
    ]) {
      answer = ({ body }) => ({ json: { result: make(JSON.parse(body).data) } });
      await onEach(async (program) => {
        const data = { all };
        const { json, text } = await program.call('mappings_apply', { mappings: ['m'], data });
        expect(json.result, text).toEqual(make(data));
      });
    }
  });

  test('in the results of creates, updates and patches', async () => {
    answer = echoBody;
    await onEach(async (program) => {
      const created = await program.call('accounts_create', {
        name: 'acc',
        fullname: right,
        labels: all.slice(0, 1),
      });
      expect(created.json.result).toMatchObject({ fullname: right, labels: all.slice(0, 1) });
      const bound = await program.call('accounts_create', { name: 'acc', labels: all });
      expect(bound.json.result?.labels, bound.text).toEqual(all);
    });
    answer = ({ method }) => ({
      json: {
        result: {
          id: 'acc',
          name: 'acc',
          ...times,
          ...(method === 'PATCH' ? { fullname: right, labels: ['x', ...all] } : {}),
        },
      },
    });
    await onEach(async (program) => {
      const patch = [
        { op: 'replace', path: '/fullname', value: right },
        ...all.map((value) => ({ op: 'add', path: '/labels/-', value })),
      ];
      const { json, text } = await program.call('accounts_patch', { account_id: 'acc', patch });
      expect(json.result, text).toMatchObject({ fullname: right, labels: ['x', ...all] });
    });
  });

  test('in previews and confirmations', async () => {
    answer = ({ path }) => ({
      json: { result: path.includes('integrations') ? integration() : { id: 'acc', name: 'acc', ...times } },
    });
    await onEach(async (program) => {
      for (const [tool, given] of [
        ['accounts_create', { name: 'acc', labels: all }],
        ['accounts_update', { account_id: 'acc', labels: all }],
        [
          'accounts_patch',
          { account_id: 'acc', patch: all.map((value) => ({ op: 'add', path: '/labels', value: [value] })) },
        ],
        ['accounts_list', { filter: all.map((one) => `name[eq]${one}`) }],
      ] as const) {
        const { text } = await program.call('preview_call', { tool, arguments: given });
        expect(text, tool).not.toContain('[withheld]');
        expect(text, tool).toContain(`${right}x`);
      }
    });
  });

  test('in names of arguments', async () => {
    await onEach(async (program) => {
      const given = Object.fromEntries(all.map((one) => [one, 1]));
      const { json } = await program.call('accounts_get', { account_id: 'acc', ...given });
      expect(json.error.code).toBe('invalid_arguments');
      expect(JSON.stringify(json.error.arguments)).not.toContain('[withheld]');
    });
  });

  test('a secret is masked where the caller has given none', async () => {
    answer = () => ({
      json: {
        result: {
          id: 'acc',
          name: 'acc',
          ...times,
          fullname: `was ${right}`,
          labels: [right],
          [`${right}`]: 1,
        },
      },
    });
    await onEach(async (program) => {
      for (const given of [
        await program.call('accounts_get', { account_id: right }),
        await program.call('accounts_create', { name: right, fullname: right }),
        await program.call('accounts_patch', {
          account_id: 'acc',
          patch: [{ op: 'add', path: '/name', value: right }],
        }),
      ]) {
        expect(given.json.result, given.text).toMatchObject({
          fullname: 'was [withheld]',
          labels: ['[withheld]'],
        });
        expect(given.json.result).toHaveProperty(['[withheld]'], 1);
      }
    });
  });
});

test('a secret inside a mapping is masked in the output of the mapping', async () => {
  answer = () => ({ json: { result: { constant: password, short: 'fine' } } });
  await onEach(async (program) => {
    const { json } = await program.call('mappings_apply', { mappings: ['m'], data: { a: 'b' } });
    expect(json.result).toEqual({ constant: '[withheld]', short: 'fine' });
  });
});

describe('a preview', () => {
  beforeAll(() => {
    answer = ({ path }) => ({
      json: { result: path.includes('integrations') ? integration() : { id: 'acc', name: 'acc', ...times } },
    });
  });
  const args = { account_id: 'acc', integration_id: 'hooks' };

  test('shows no secret of the object, wherever it was copied to, and every guess as it was given', async () => {
    const all = guesses(stored);
    await onEach(async (program) => {
      for (const [tool, given] of [
        ['integrations_update', { ...args, bridge_selector: { type: 'labels', value: all } }],
        ['integrations_patch', { ...args, patch: [{ op: 'add', path: '/mappings', value: all }] }],
        ['integrations_patch', { ...args, patch: [{ op: 'move', from: '/fullname', path: '/category' }] }],
        [
          'integrations_patch',
          {
            ...args,
            patch: [
              { op: 'copy', from: '/fullname', path: '/x' },
              { op: 'remove', path: '/webhook_config' },
            ],
          },
        ],
        ['integrations_patch', { ...args, patch: [{ op: 'remove', path: '/provider_config' }] }],
        ['integrations_delete', args],
      ] as const) {
        const { json, text, isError } = await program.call('preview_call', { tool, arguments: given });
        expect(isError, text).toBe(false);
        expect(json.object.fullname).toBe('copied: [withheld]');
        const shown = text.split('"').filter((one) => one.includes(stored));
        const isGiven = JSON.stringify(given).includes(stored);
        for (const one of shown) expect(all).toContain(one.replace(/\\$/, ''));
        expect(shown.length > 0).toBe(isGiven);
      }
    });
  });

  test.each([
    ['move', '/webhook_config', '/x'],
    ['copy', '/webhook_config', '/x'],
    ['move', '', '/x'],
    ['copy', '/webhook_config/items/0/integrator_key', '/fullname'],
    ['move', '/provider_config/settings', '/fullname'],
    ['copy', '/provider_config', '/x'],
  ])('of a %s from "%s" to %s is refused', async (op, from, path) => {
    await onEach(async (program) => {
      const patch = [
        { op, from, path },
        { op: 'remove', path: '/webhook_config' },
      ];
      const { json, text } = await program.call('preview_call', {
        tool: 'integrations_patch',
        arguments: { ...args, patch },
      });
      expect(json.error?.code, text).toBe('invalid_arguments');
      expect(text).not.toContain(stored);
    });
  });

  test.each([
    ['/webhook_config/provider_key', 471196],
    ['/provider_config/password', 471196],
    ['/provider_config', { type: 'x', password: 471196 }],
    ['/provider_config/settings', `{"password":"${stored}"}`],
    ['/webhook_config', { items: [{ webhook_url: 'u', integrator_key: stored }] }],
  ])('of a test of %s with %j is refused', async (path, value) => {
    await onEach(async (program) => {
      const patch = [{ op: 'test', path, value }];
      const { json, text } = await program.call('preview_call', {
        tool: 'integrations_patch',
        arguments: { ...args, patch },
      });
      expect(json.error?.code, text).toBe('invalid_arguments');
    });
  });
});
