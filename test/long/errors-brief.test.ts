import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { errorCodes } from '../../src/errors.ts';
import { startProxy } from '../e2e/changing-proxy.ts';
import { canary, type Program, type Rig, startProgram, startRig } from '../e2e/support.ts';

let rig: Rig;
let compact: Program;
beforeAll(async () => {
  rig = await startRig({ args: ['--confirm', 'never', '--timeout', '2', '--max-response-bytes', '200000'] });
  const args = ['--base-url', rig.sandbox.baseUrl, '--surface', 'compact'];
  compact = await startProgram(args, { SYNQLY_TOKEN: rig.sandbox.token });
});
afterEach(() => rig.sandbox.faults.clear());
afterAll(async () => {
  await compact.close();
  await rig.close();
});

const costs: [string, number][] = [];
afterAll(() => {
  const table = costs.sort(([, one], [, other]) => other - one).map(([kind, cost]) => `${cost}  ${kind}`);
  console.log(`Tokens of errors:\n${table.join('\n')}`);
});

interface Failing {
  readonly name: string;
  readonly args?: Record<string, unknown>;
  readonly fault?: Record<string, unknown>;
  readonly flags?: string[];
  readonly surface?: 'compact';
  readonly env?: Record<string, string>;
}

const account = 'aldermere-logistics';
const statuses = [400, 401, 402, 403, 404, 405, 409, 415, 418, 429, 500, 502];

const kinds: readonly (readonly [code: string, Failing])[] = [
  ...statuses.map((status) => {
    const code = { 400: 'invalid_request', 401: 'unauthorized', 402: 'payment_required', 403: 'forbidden' }[
      status
    ];
    const later = {
      404: 'not_found',
      405: 'method_not_allowed',
      409: 'conflict',
      415: 'unsupported_media_type',
    }[status];
    const rest = { 418: 'unexpected_status', 429: 'rate_limited', 500: 'server_error', 502: 'gateway_error' }[
      status
    ];
    const fault = { route: 'accounts_create', status, retryAfter: 60 };
    return [String(code ?? later ?? rest), { name: 'accounts_create', args: { name: 'x' }, fault }] as const;
  }),
  ['not_found', { name: 'accounts_get', args: { account_id: 'aldermere' } }],
  ['not_found', { name: 'credentials_get', args: { owner_id: account, credential_id: 'splunk' } }],
  ['not_found', { name: 'capabilities_get_provider', args: { provider_id: 'crowdstrike_edr' } }],
  ['not_found', { name: 'status_get', args: { account_id: account, integration_id: 'x-siem' } }],
  ['invalid_request', { name: 'accounts_list', args: { filter: ['shoe_size[eq]1'] } }],
  ['invalid_arguments', { name: 'accounts_list', args: { filter: ['name=acme', 'environment=test'] } }],
  ['invalid_arguments', { name: 'accounts_list', args: { order: ['-name'] } }],
  ['invalid_arguments', { name: 'accounts_get' }],
  ['invalid_arguments', { name: 'accounts_get', args: { 'account-id': 'acme' } }],
  ['invalid_arguments', { name: 'integrations_create', args: { account: 'acme', provider: 'splunk' } }],
  ['invalid_arguments', { name: 'credentials_create', args: { owner: 'acme', type: 'token' } }],
  ['invalid_arguments', { name: 'accounts_list', args: { limit: 0 } }],
  ['invalid_arguments', { name: 'accounts_get', args: { account_id: '..' } }],
  ['invalid_arguments', { name: 'run_read', args: { account_id: 'acme' }, surface: 'compact' }],
  ['unknown_operation', { name: 'run_read', args: { operation: 'accounts_remove' }, surface: 'compact' }],
  ['wrong_tool', { name: 'run_read', args: { operation: 'accounts_delete' }, surface: 'compact' }],
  ['outside_pin', { name: 'accounts_get', args: { account_id: account }, flags: ['--environment', 'test'] }],
  [
    'not_selected',
    { name: 'accounts_get', args: { account_id: account }, flags: ['--deny', 'accounts_get'] },
  ],
  ['read_only', { name: 'accounts_create', flags: ['--read-only'] }],
  ['confirmation_unknown', { name: 'confirm_call', args: { id: 'x' }, flags: ['--confirm', 'destroy'] }],
  [
    'stale_object',
    {
      name: 'accounts_update',
      args: { account_id: account, fullname: 'x', updated_at: '2000-01-01T00:00:00Z' },
    },
  ],
  [
    'secret_reference',
    {
      name: 'credentials_create',
      args: { owner_id: account, config: { type: 'token', secret: '${env:HOME}' } },
    },
  ],
  [
    'secret_required',
    {
      name: 'credentials_create',
      args: { owner_id: account, config: { type: 'token', secret: '${ask:Splunk token}' } },
    },
  ],
  ['timeout', { name: 'accounts_list', fault: { route: 'accounts_list', hang: true } }],
  ['connection_lost', { name: 'accounts_create', fault: { route: 'accounts_create', reset: true } }],
  ['connection_failed', { name: 'accounts_list', flags: ['--base-url', 'http://127.0.0.1:9'] }],
  ['invalid_response', { name: 'accounts_list', fault: { route: 'accounts_list', body: 'html' } }],
  [
    'response_too_large',
    { name: 'accounts_get', args: { account_id: account }, fault: { route: 'accounts_get', body: 'huge' } },
  ],
  ['redirected', { name: 'accounts_list', fault: { route: 'accounts_list', status: 302 } }],
  [
    'audit_unavailable',
    { name: 'accounts_create', flags: ['--audit-log', join(tmpdir(), 'no-such-directory-here', 'audit')] },
  ],
  ['token_unavailable', { name: 'accounts_list', env: { SYNQLY_TOKEN_FILE: 'EMPTY' } }],
];

async function fail({ name, args, fault, flags, env, surface }: Failing) {
  // The table holds faults of every kind.
  if (fault) rig.sandbox.faults.add(fault as never);
  if (!flags && !env) return (surface ? compact : rig).call(name, args);
  const tokens = { ...(env ? tokenFile() : { SYNQLY_TOKEN: rig.sandbox.token }) };
  const base = flags?.includes('--base-url') ? [] : ['--base-url', rig.sandbox.baseUrl];
  const program = await startProgram(
    ['--confirm', 'never', '--timeout', '2', ...base, ...(flags ?? [])],
    tokens,
  );
  try {
    return await program.call(name, args);
  } finally {
    await program.close();
  }
}

function tokenFile(): Record<string, string> {
  const path = join(tmpdir(), `empty-token-${process.pid}`);
  writeFileSync(path, '');
  return { SYNQLY_TOKEN_FILE: path };
}

describe('a typical error costs at most 150 tokens', () => {
  test.each(kinds)('the error of %s %j costs at most 150 tokens', async (code, failing) => {
    const { json, text, isError } = await fail(failing);
    expect(isError).toBe(true);
    expect(json.error.code, text).toBe(code);
    for (const key of ['message', 'next', 'retry']) expect(json.error[key], text).toBeTruthy();
    const cost = encode(text).length;
    costs.push([`${code} (${failing.name})`, cost]);
    expect(cost, text).toBeLessThanOrEqual(150);
  });

  test('every error code has a case here, but for those of a person, another process or an internal error', () => {
    const met = new Set(kinds.map(([code]) => code));
    expect(Object.keys(errorCodes).filter((code) => !met.has(code))).toEqual([
      'secret_refused',
      'confirmation_required',
      'confirmation_declined',
      // Of clients that repeat the call with the person's answer.
      'answer_rejected',
      'invalid_request_state',
      'state_store_unavailable',
      'object_changed',
      // Within the result of a batch.
      'dependency_failed',
      'authentication_failed',
      'cancelled',
      'interrupted',
      'output_failed',
      'token_not_kept',
      'internal',
    ]);
  });
});

describe('no error costs more than 400 tokens', () => {
  const words = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`).join(' ');

  test.each([
    ['words', words(300)],
    ['signs', '{}[]#:;/&%'.repeat(250)],
    ['another script', '接続先のホスト名を確認してください。'.repeat(150)],
    ['base64', Buffer.from(words(300)).toString('base64')],
  ])("however long Synqly's answer is: %s", async (kind, long) => {
    const cause = { message: long, detail: long, remediation: long };
    const talkative = await startProxy(rig.sandbox.baseUrl, () => ({
      status: 502,
      text: JSON.stringify({
        ...cause,
        status: 502,
        type: long,
        context: {
          raw_error: long,
          parameter: { id: long, location: 'body' },
          resources: Array.from({ length: 50 }, () => ({ type: long, id: long, rel: 'cause' })),
          provider_details: Object.fromEntries(
            Array.from({ length: 50 }, (_, index) => [`key ${index} ${long}`, long]),
          ),
        },
        cause: Array.from({ length: 20 }, () => ({ ...cause, cause: [cause, cause] })),
      }),
    }));
    const program = await startProgram(['--base-url', talkative.url], { SYNQLY_TOKEN: canary });
    const { json, text } = await program.call('accounts_create', { name: 'x' });
    await program.close();
    talkative.close();
    costs.push([`the longest of ${kind}`, encode(text).length]);
    expect(encode(text).length).toBeLessThanOrEqual(400);
    expect(json.error).toMatchObject({ code: 'gateway_error', status: 502, retry: 'check' });
    expect(json.error.upstream.message.slice(0, 20)).toBe(long.slice(0, 20));
  });

  test.each([
    [
      'unknown arguments',
      'members_update',
      Object.fromEntries(
        words(300)
          .split(' ')
          .map((word) => [word, 1]),
      ),
    ],
    ['wrong items', 'accounts_create', { labels: Array.from({ length: 300 }, () => 'not a label') }],
    ['wrong filters', 'accounts_list', { filter: Array.from({ length: 300 }, () => 'name=acme') }],
    ['a long name', 'accounts_list', { [words(500)]: 1 }],
  ])('however wrong the arguments are: %s', async (kind, name, args) => {
    const { json, text } = await rig.call(name, args);
    costs.push([kind, encode(text).length]);
    expect(json.error.code).toBe('invalid_arguments');
    expect(encode(text).length).toBeLessThanOrEqual(400);
  });

  test('an ordinary long text is cut at 500 characters, and says so', async () => {
    const long = words(200);
    const talkative = await startProxy(rig.sandbox.baseUrl, () => ({
      status: 400,
      text: JSON.stringify({ message: 'The provider refused.', context: { raw_error: long } }),
    }));
    const program = await startProgram(['--base-url', talkative.url], { SYNQLY_TOKEN: canary });
    const { json } = await program.call('accounts_create', { name: 'x' });
    await program.close();
    talkative.close();
    expect(json.error.upstream).toEqual({
      message: 'The provider refused.',
      raw_error: `${long.slice(0, 500)}...`,
    });
  });

  test('a secret at the cut is masked whole', async () => {
    const secret = `${canary}-and-more-of-it`;
    const talkative = await startProxy(rig.sandbox.baseUrl, () => ({
      status: 400,
      text: JSON.stringify({ message: `${'Word '.repeat(96)}${secret} and so on` }),
    }));
    const program = await startProgram(['--base-url', talkative.url], { SYNQLY_TOKEN: 'an-unrelated-token' });
    const config = { type: 'token', secret };
    const { text } = await program.call('credentials_create', { owner_id: 'x', config });
    await program.close();
    talkative.close();
    expect(text).not.toContain(canary.slice(0, 10));
    expect(text).toContain('[withheld]');
  });
});
