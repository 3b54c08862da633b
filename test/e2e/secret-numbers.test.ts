import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeAnswer, type FakeRequest, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { startRawStdio } from './raw-calls.ts';
import { type Program, startProgram } from './support.ts';
import { by, testSurfaces } from './surfaces.ts';

/*
 * A number in the place of a secret is one as a text is, and digits that are secret are masked where they stand as a number.
 */
const digits = '48151623';
const number = Number(digits);
const pin = '471196';
const times = { created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' };
const integration = (more: object = {}) => ({
  id: 'hooks',
  name: 'hooks',
  account_id: 'acc',
  ...times,
  provider_config: { type: 'siem_mock_siem', port: 8089 },
  ...more,
});
/** The same secret as a text, a number, an element and a name. */
const copies = (value: number) => ({
  fullname: `was ${value}`,
  [`${value}`]: 1,
  mappings: [value, 1234567],
  config: { retries: value, bytes: 1234567 },
});

let answer: (request: FakeRequest) => FakeAnswer;
let synqly: FakeSynqly;
let programs: readonly Program[];
beforeAll(async () => {
  synqly = await startFakeSynqly((request) => answer(request));
  programs = await Promise.all(
    [testSurfaces.full, testSurfaces.compact].map(async (surface) =>
      by(
        surface,
        await startProgram(['--base-url', synqly.url, '--confirm', 'never', ...surface.flags], {
          SYNQLY_TOKEN: 'token-of-the-server',
          SYNQLY_PERMISSIONS: 'ignore',
          SYNQLY_SECRET_PIN: pin,
        }),
      ),
    ),
  );
});
afterAll(async () => {
  for (const program of programs) await program.close();
  synqly.close();
});

const places: readonly (readonly [string, object])[] = [
  ['a field named like a secret', { password: number }],
  ['an element of a list', { api_keys: [number] }],
  ['an object in the place of a secret', { secret: { value: { a: number } } }],
  ['a field of a credential', { search_service_credential: { type: 'token', secret: number } }],
  ['a credential itself', { credential: number }],
  ['a text that is the JSON of an object', { settings: JSON.stringify({ password: number }) }],
];

describe.each(places)('a number as %s', (_, config) => {
  const provider_config = { type: 'siem_mock_siem', port: 8089, ...config };

  test('of the arguments is masked in results and errors', async () => {
    for (const program of programs) {
      answer = () => ({
        json: { result: { integration: integration(copies(number)), extra: copies(number) } },
      });
      const made = await program.call('integrations_create', { account_id: 'acc', provider_config });
      expect(made.isError, made.text).toBe(false);
      expect(made.text).not.toContain(digits);
      expect(made.json.result.integration.config).toEqual({ retries: '[withheld]', bytes: 1234567 });
      answer = () => ({
        status: 400,
        headers: { 'x-request-id': `req-${digits}` },
        json: { message: `no ${digits}`, context: { raw_error: `{"password":${digits}}` } },
      });
      const { json, text } = await program.call('integrations_create', {
        account_id: 'acc',
        provider_config,
      });
      expect(json.error.code).toBe('invalid_request');
      expect(text).not.toContain(digits);
      expect(program.stderr()).not.toContain(digits);
    }
  });

  test('of an answer is masked where it was copied to', async () => {
    answer = () => ({ json: { result: integration({ provider_config, ...copies(number) }) } });
    for (const program of programs) {
      const { text, json } = await program.call('integrations_get', {
        account_id: 'acc',
        integration_id: 'hooks',
      });
      expect(text).not.toContain(digits);
      expect(json.result.config).toEqual({ retries: '[withheld]', bytes: 1234567 });
      expect(json.result.provider_config.port).toBe(8089);
    }
  });

  test('is not shown by a preview, neither as sent nor as stored', async () => {
    answer = () => ({ json: { result: integration({ provider_config, ...copies(number) }) } });
    const args = { account_id: 'acc', integration_id: 'hooks' };
    const [[field, value] = ['', '']] = Object.entries(config);
    for (const program of programs) {
      for (const [tool, given] of [
        ['integrations_create', { account_id: 'acc', provider_config }],
        ['integrations_update', { ...args, provider_config }],
        ['integrations_delete', args],
        [
          'integrations_patch',
          { ...args, patch: [{ op: 'replace', path: '/provider_config', value: provider_config }] },
        ],
        ['integrations_patch', { ...args, patch: [{ op: 'add', path: `/provider_config/${field}`, value }] }],
        ['integrations_patch', { ...args, patch: [{ op: 'remove', path: '/provider_config' }] }],
        ['integrations_patch', { ...args, patch: [{ op: 'copy', from: '/fullname', path: '/category' }] }],
      ] as const) {
        const { text, isError } = await program.call('preview_call', { tool, arguments: given });
        expect(isError, text).toBe(false);
        expect(text, tool).not.toContain(digits);
      }
    }
  });
});

test.each([
  ['a list', { api_keys: ['text-of-a-secret-1d', { value: 'text-of-a-secret-1d' }] }],
  ['a credential', { credential: 'text-of-a-secret-1d' }],
])('a text in place of %s is a secret as well', async (_, config) => {
  const secret = 'text-of-a-secret-1d';
  const [[field, value] = ['', '']] = Object.entries(config);
  const provider_config = { type: 'siem_mock_siem', ...config };
  answer = () => ({ json: { result: integration({ provider_config, fullname: `was ${secret}` }) } });
  for (const program of programs) {
    const args = { account_id: 'acc', integration_id: 'hooks' };
    const patch = [{ op: 'add', path: `/provider_config/${field}`, value }];
    for (const shown of [
      await program.call('integrations_get', args),
      await program.call('preview_call', { tool: 'integrations_patch', arguments: { ...args, patch } }),
      await program.call('preview_call', { tool: 'integrations_delete', arguments: args }),
    ]) {
      expect(shown.isError, shown.text).toBe(false);
      expect(shown.text).not.toContain(secret);
    }
  }
});

test('a number with more digits than JavaScript holds is masked too', async () => {
  const long = '123456789012345678901234567890';
  answer = () => ({ text: `{"result":{"integration":{"id":"i","bytes":${long},"fullname":"was ${long}"}}}` });
  const program = await startRawStdio(['--base-url', synqly.url, '--permissions', 'ignore']);
  const { text, isError } = await program.call(
    'integrations_create',
    `{"account_id":"acc","provider_config":{"type":"siem_mock_siem","password":${long}}}`,
  );
  await program.close();
  expect(isError, text).toBe(false);
  expect(text).toContain('[withheld]');
  expect(text).not.toContain(long);
});

test('a known secret of digits is masked when an answer has it as a number, unless its caller gave it', async () => {
  answer = ({ method }) => ({
    json: {
      result: integration({
        config: { retries: Number(pin) },
        ...(method === 'PATCH' && { size: Number(pin) }),
      }),
    },
  });
  for (const program of programs) {
    const args = { account_id: 'acc', integration_id: 'hooks' };
    const { json } = await program.call('integrations_get', args);
    expect(json.result.config.retries).toBe('[withheld]');
    const patch = [{ op: 'add', path: '/config/retries', value: Number(pin) }];
    const patched = await program.call('integrations_patch', { ...args, patch });
    expect(patched.json.result).toMatchObject({ config: { retries: Number(pin) }, size: '[withheld]' });
  }
});

test('booleans and numbers of few digits are not masked elsewhere in a result', async () => {
  const provider_config = { type: 'siem_mock_siem', password: true, pin: 1234, token: false };
  answer = () => ({
    json: {
      result: { integration: integration({ fullname: 'true 1234 false', config: { a: 1234, b: false } }) },
    },
  });
  for (const program of programs) {
    const { json } = await program.call('integrations_create', { account_id: 'acc', provider_config });
    expect(json.result.integration).toMatchObject({
      fullname: 'true 1234 false',
      config: { a: 1234, b: false },
    });
  }
});
