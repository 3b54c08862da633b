import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type HttpProgram,
  type HttpRig,
  postTo,
  startHttpProgram,
  startHttpRig,
} from '../e2e/http-support.ts';
import { wholeLists } from '../e2e/support.ts';
import { testSurfaces } from '../e2e/surfaces.ts';
import { writtenForms } from '../lib/written-forms.ts';

/*
 * A caller over HTTP who is held to an account tries to get at the secrets of an object there by patches at, above and below
 * them, which are previewed and sent. No answer may show one, nor tell a right guess from a wrong one.
 */
const secrets = {
  provider: 'provider-key-of-the-hook-4b',
  integrator: 'integrator"key\n of+the/hook-9e',
  inline: 'inline-password-of-siem-77',
  digits: '918273645',
};
type Secret = keyof typeof secrets;
const wrong = (secret: Secret) => (secret === 'digits' ? '918273646' : `${secrets[secret].slice(0, -1)}x`);

type Step = Readonly<Record<string, unknown>>;
/** What is wanted of the object where a secret has one value or another. */
type Guess = (value: string) => Step[];

const rate = ['--rate-per-minute', '100000'];
let rig: HttpRig;
let others: readonly HttpProgram[];
let callers: readonly { readonly name: string; call(name: string, args: object): Promise<Answer> }[];
interface Answer {
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
  readonly json: any;
}

beforeAll(async () => {
  rig = await startHttpRig({ args: rate });
  const start = (...args: string[]) =>
    startHttpProgram(['--base-url', rig.sandbox.baseUrl, ...rate, ...args]);
  const flags = [...testSurfaces.compact.flags];
  others = await Promise.all([
    start(...flags),
    start('--account', 'quiet'),
    start('--account', 'quiet', ...flags),
  ]);
  const [compact, pinned, both] = others as [HttpProgram, HttpProgram, HttpProgram];
  const header = { 'synqly-account': 'quiet' };
  callers = [
    { name: 'full, header', call: callerOf(rig, 'full', header) },
    { name: 'compact, header', call: callerOf(compact, 'compact', header) },
    { name: 'full, --account', call: callerOf(pinned, 'full', {}) },
    { name: 'compact, --account', call: callerOf(both, 'compact', {}) },
  ];
  await postTo(rig.sandbox, '/v1/accounts', { name: 'quiet', environment: 'test' });
  const { result } = await postTo(rig.sandbox, '/v1/integrations/quiet', {
    name: 'hooks',
    provider_config: { type: 'ticketing_mock_ticketing' },
    webhook_config: {
      items: [{ webhook_url: 'https://hooks.example.com', integrator_key: secrets.integrator }],
    },
  });
  const { integration } = rig.sandbox.state.collections;
  const stored = integration.get(result.integration.id);
  // As Synqly may hold them, though the sandbox puts secrets of a provider away.
  integration.replace({
    ...stored,
    fullname: `copied ${secrets.inline}`,
    provider_config: {
      type: 'ticketing_mock_ticketing',
      url: 'https://siem.example.com',
      password: secrets.inline,
      pin: Number(secrets.digits),
      credential: { type: 'token', secret: secrets.inline },
      settings: JSON.stringify({ api_key: secrets.inline }),
    },
    webhook_config: {
      provider_key: secrets.provider,
      items: [{ webhook_url: 'https://hooks.example.com', integrator_key: secrets.integrator }],
    },
  });
  await postTo(rig.sandbox, '/v1/credentials/quiet', {
    name: 'key',
    owner_type: 'account',
    config: { type: 'token', secret: secrets.provider },
  });
  await postTo(rig.sandbox, '/v1/organization/webhooks', {
    name: 'hook',
    url: 'https://hooks.example.com/synqly',
    filters: ['all'],
    secret: { value: secrets.provider },
  });
  await postTo(rig.sandbox, '/v1/bridges/quiet', { name: 'depot' });
}, 30_000);
afterAll(async () => {
  for (const one of others) await one.close();
  await rig.close();
});

function callerOf(program: HttpProgram, surface: keyof typeof testSurfaces, headers: Record<string, string>) {
  return async (name: string, args: object): Promise<Answer> => {
    const params = wholeLists(...testSurfaces[surface].toolCall(name, { ...args }));
    const response = await program.post(
      { method: 'tools/call', params },
      { authorization: `Bearer ${rig.sandbox.token}`, ...headers },
    );
    const { result } = (await response.json()) as { result: { content: { text: string }[] } };
    const text = result.content[0]?.text ?? '';
    return { text, json: JSON.parse(text) };
  };
}

/** The account is the caller's pin. */
const hooks = { integration_id: 'hooks' };
const preview = (patch: readonly Step[]) => ({
  tool: 'integrations_patch',
  arguments: { ...hooks, patch },
});

/** At, above, below and beside the secrets, also in other words for the same place. */
const places = [
  '',
  '/webhook_config',
  '/webhook_config/provider_key',
  '/webhook_config/items',
  '/webhook_config/items/0',
  '/webhook_config/items/0/integrator_key',
  '/webhook_config/items/0/integrator_key/0',
  '/webhook_config/items/-',
  '/Webhook_Config/items/0/Integrator-Key',
  '/webhook_config~1items',
  '/webhook_config/items/0/webhook_url',
  '/provider_config',
  '/provider_config/password',
  '/provider_config/pin',
  '/provider_config/credential',
  '/provider_config/credential/secret',
  '/provider_config/settings',
  '/provider_config/url',
  '/ｐrovider_config/password',
  '/fullname',
];
const targets = [
  '/x',
  '/fullname',
  '/mappings',
  '/provider_config/url',
  '/webhook_config/items/0/webhook_url',
  '',
];
const everyPatch: readonly Step[][] = places.flatMap((place) => [
  ...targets.flatMap((path) => [
    [{ op: 'move', from: place, path }],
    [{ op: 'copy', from: place, path }],
    [
      { op: 'copy', from: place, path },
      { op: 'remove', path: place },
    ],
    [
      { op: 'copy', from: place, path: '/mappings' },
      { op: 'move', from: '/mappings', path },
    ],
    [
      { op: 'replace', path: place, value: { a: 'b' } },
      { op: 'copy', from: place, path },
    ],
  ]),
  [{ op: 'remove', path: place }],
  [{ op: 'replace', path: place, value: 'other' }],
  [{ op: 'add', path: place, value: { a: 'other' } }],
  [{ op: 'test', path: place, value: 'other' }],
  [{ op: 'test', path: place, value: null }],
]);

test('no preview of a patch shows a secret, whatever its steps', async () => {
  const forms = Object.values(secrets).flatMap((secret) => writtenForms(secret).map(({ text }) => text));
  // As they stand in results, which are JSON.
  const sought = [...new Set(forms.flatMap((form) => [form, JSON.stringify(form).slice(1, -1)]))];
  const outcomes = { shown: 0, refused: 0 };
  const before = rig.exchanges.length;
  // Each patch by another caller in turn, those that are refused before they are looked at among them.
  for (const [at, patch] of everyPatch.entries()) {
    const caller = callers[at % callers.length] as (typeof callers)[number];
    const { text, json } = await caller.call('preview_call', preview(patch));
    const shown = sought.find((form) => text.includes(form));
    expect(shown && `${caller.name}: ${JSON.stringify(patch)}: ${text}`).toBeUndefined();
    outcomes[json.error ? 'refused' : 'shown'] += 1;
  }
  expect(outcomes.shown).toBeGreaterThan(50);
  expect(outcomes.refused).toBeGreaterThan(50);
  expect(rig.exchanges.slice(before).filter(({ method }) => method !== 'GET')).toEqual([]);
});

const whole = (value: string) => ({
  provider_key: value,
  items: [{ webhook_url: 'https://hooks.example.com', integrator_key: secrets.integrator }],
});
const digitsOrText = (secret: Secret, value: string) => (secret === 'digits' ? Number(value) : value);
const at = (path: string, secret: Secret): [string, Secret, Guess][] =>
  (['test', 'replace', 'add'] as const).map((op) => [
    `${op} at ${path}`,
    secret,
    (value) => [
      { op, path, value: digitsOrText(secret, value) },
      { op: 'replace', path: '/name', value: 'hooks-2' },
    ],
  ]);
const guesses: [string, Secret, Guess][] = [
  ...at('/webhook_config/provider_key', 'provider'),
  ...at('/webhook_config/items/0/integrator_key', 'integrator'),
  ...at('/provider_config/password', 'inline'),
  ...at('/provider_config/pin', 'digits'),
  ...at('/provider_config/credential/secret', 'inline'),
  ...(['test', 'replace', 'add'] as const).flatMap((op): [string, Secret, Guess][] => [
    [
      `${op} above, at /webhook_config`,
      'provider',
      (value) => [{ op, path: '/webhook_config', value: whole(value) }],
    ],
    [
      `${op} above, at /provider_config/credential`,
      'inline',
      (value) => [{ op, path: '/provider_config/credential', value: { type: 'token', secret: value } }],
    ],
    [
      `${op} of a JSON text, at /provider_config/settings`,
      'inline',
      (value) => [{ op, path: '/provider_config/settings', value: JSON.stringify({ api_key: value }) }],
    ],
  ]),
  [
    'test of a copy',
    'provider',
    (value) => [
      { op: 'copy', from: '/webhook_config/provider_key', path: '/fullname' },
      { op: 'test', path: '/fullname', value },
    ],
  ],
  ['test in full width', 'inline', (value) => [{ op: 'test', path: '/provider_config/ｐassword', value }]],
  ['test in escapes', 'provider', (value) => [{ op: 'test', path: '/webhook_config%2Fprovider_key', value }]],
  [
    'a right test, then one that fails',
    'provider',
    (value) => [
      { op: 'test', path: '/webhook_config/provider_key', value },
      { op: 'test', path: '/name', value: 'no' },
    ],
  ],
];

describe.each(guesses)('%s of %s', (_, secret, guess) => {
  test('answers the same for a right guess as for a wrong one, previewed or sent', async () => {
    for (const { name, call } of callers) {
      // What is repeated of the guess is the caller's own.
      const told = async (tool: 'preview_call' | 'integrations_patch', value: string) => {
        const { arguments: args } = preview(guess(value));
        const { text } = await call(tool, tool === 'preview_call' ? preview(guess(value)) : args);
        const forms = writtenForms(value).map((form) => form.text);
        return forms.reduce((rest, form) => rest.replaceAll(form, '*'), text.replaceAll('\\\\', '\\'));
      };
      const shown = await told('preview_call', secrets[secret]);
      expect(shown, name).toBe(await told('preview_call', wrong(secret)));
      // One that would be sent changes the object; those with `test` never are.
      const tries = JSON.stringify(guess('')).includes('"test"');
      expect(shown, name).toContain(tries ? '"arguments":[{"argument":"patch.' : '"changes"');
      if (!tries) continue;
      const before = rig.exchanges.length;
      const sent = await told('integrations_patch', secrets[secret]);
      expect(sent, name).toBe(await told('integrations_patch', wrong(secret)));
      expect(sent, name).toContain('"error"');
      expect(rig.exchanges.slice(before).filter(({ method }) => method === 'PATCH')).toEqual([]);
    }
  });
});

const provider_config = { type: 'ticketing_mock_ticketing', url: 'https://siem.example.com' };
test.each<[string, Secret, (value: string) => object]>([
  ['webhook_config', 'provider', (value) => ({ webhook_config: whole(value) })],
  ['provider_config', 'inline', (value) => ({ provider_config: { ...provider_config, password: value } })],
  ['a number', 'digits', (value) => ({ provider_config: { ...provider_config, pin: Number(value) } })],
  [
    'a JSON text',
    'inline',
    (value) => ({ provider_config: { ...provider_config, settings: JSON.stringify({ api_key: value }) } }),
  ],
])('%s in an update answers the same for a right guess as for a wrong one', async (_, secret, given) => {
  for (const { name, call } of callers) {
    const told = async (value: string) => {
      const args = { ...hooks, ...given(value) };
      const { text } = await call('preview_call', { tool: 'integrations_update', arguments: args });
      return text.replaceAll(value, '*');
    };
    const shown = await told(secrets[secret]);
    expect(shown, name).toContain('"changes"');
    expect(shown, name).toBe(await told(wrong(secret)));
  }
});

/** Objects whose secrets Synqly holds and shows nowhere. */
const held: readonly (readonly [string, object, string, (value: string) => unknown])[] = [
  ['credentials_patch', { owner_id: 'quiet', credential_id: 'key' }, '/config/secret', (value) => value],
  [
    'credentials_patch',
    { owner_id: 'quiet', credential_id: 'key' },
    '/config',
    (value) => ({ type: 'token', secret: value }),
  ],
  ['organizationWebhooks_patch', { webhook_id: 'hook' }, '/secret/value', (value) => value],
  ['organizationWebhooks_patch', { webhook_id: 'hook' }, '/secret', (value) => ({ value })],
  ['members_patch', { member_id: 'nobody@example.com' }, '/secret', (value) => value],
];

test.each(held)(
  '%s of %j at %s: neither taken elsewhere nor tried out',
  async (tool, args, path, withSecret) => {
    for (const [program, surface] of [
      [rig, 'full'],
      [others[0] as HttpProgram, 'compact'],
    ] as const) {
      const call = callerOf(program, surface, {});
      const before = rig.exchanges.length;
      for (const step of [
        { op: 'move', from: path, path: '/fullname' },
        { op: 'copy', from: path, path: '/fullname' },
        { op: 'test', path, value: withSecret(secrets.provider) },
        { op: 'test', path, value: withSecret(wrong('provider')) },
      ]) {
        const given = { ...args, patch: [step, { op: 'replace', path: '/fullname', value: 'renamed' }] };
        for (const answer of [
          await call('preview_call', { tool, arguments: given }),
          await call(tool, given),
        ]) {
          expect(answer.json.error?.code, answer.text).toBe('invalid_arguments');
          expect(answer.text).not.toContain(secrets.provider);
        }
      }
      expect(rig.exchanges.slice(before).filter(({ method }) => method === 'PATCH')).toEqual([]);
      const set = { ...args, patch: [{ op: 'replace', path, value: withSecret(secrets.provider) }] };
      const { text } = await call('preview_call', { tool, arguments: set });
      expect(text).not.toContain(secrets.provider);
    }
  },
);
