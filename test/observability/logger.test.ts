import { expect, test, vi } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';

/*
 * The last net under every line of the log. No call of the server logs a field that is named like a secret, or an error
 * with one inside, so that this cannot be seen from outside; what calls do log is tested through the built program, in
 * log-secrets.test.ts.
 */

/** What a log that knows these secrets has written of these facts. */
async function written(facts: object, secrets: readonly string[] = []): Promise<string> {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const log = createLogger('info', secrets);
  log.info(facts, 'said');
  await log.flush();
  const text = write.mock.calls.map(([line]) => String(line)).join('');
  write.mockRestore();
  return text;
}

test('a field named like a secret is withheld, at the top level and one below', async () => {
  const text = await written({
    authorization: 'Bearer one-secret',
    request: { token: 'two-secret', path: '/v1/accounts' },
    tool: 'accounts_get',
  });
  expect(text).not.toMatch(/one-secret|two-secret/);
  expect(JSON.parse(text)).toMatchObject({
    authorization: '[withheld]',
    request: { token: '[withheld]', path: '/v1/accounts' },
    tool: 'accounts_get',
    msg: 'said',
  });
});

test('the log knows the names of secrets in every spelling', async () => {
  const facts = {
    clientSecret: 'one-secret',
    'api-key': 'two-secret',
    Session: 'three-secret',
    refresh_token_id: 'id-1',
  };
  const text = await written(facts);
  expect(text).not.toMatch(/one-secret|two-secret|three-secret/);
  expect(JSON.parse(text).refresh_token_id).toBe('id-1');
});

test.each([
  '"',
  '{',
  'a',
  '1',
  ':',
  'time',
  'level',
  'info',
  ',"',
  '\\',
  'said',
  '"msg"',
  '"level":"info"',
  '","msg":',
  'refused',
  '2026-0',
  '[withheld]',
  'withheld',
  '\\"\\"\\"\\"',
])('a line stays valid JSON when %s is a secret', async (secret) => {
  const facts = {
    tool: 'accounts_get',
    refused: `was ${secret}`,
    deep: { list: [secret, 'a "quoted" \\ text'] },
  };
  const line = JSON.parse(await written(facts, [secret]));
  expect(line).toMatchObject({ level: 'info', tool: 'accounts_get', msg: 'said' });
  expect(Date.parse(line.time)).toBeGreaterThan(0);
  // Shorter ones stand in texts by chance, as in results, and nothing is hidden by masking the mask.
  const isMasked = secret.length >= 5 && !'[withheld]'.includes(secret);
  expect(line.deep.list[0]).toBe(isMasked ? '[withheld]' : secret);
  expect(line.refused).toBe(`was ${isMasked ? '[withheld]' : secret}`);
  expect(line.deep.list[1]).toBe('a "quoted" \\ text');
});

test('secrets are masked in every form, also in errors, names and numbers', async () => {
  const secret = 'se"cr\\et/ö-19';
  const cause = new Error(`inner ${secret}`);
  const text = await written(
    {
      err: Object.assign(new Error(`outer ${secret}`, { cause }), { deep: { [secret]: 1 } }),
      encoded: `x=${encodeURIComponent(secret)}&y=${Buffer.from(secret).toString('base64')}`,
      escaped: JSON.stringify({ secret }),
      pin: 12_345_678,
    },
    [secret, '12345678'],
  );
  const line = JSON.parse(text);
  for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
    expect(text).not.toContain(form);
    expect(JSON.stringify(line)).not.toContain(form);
  }
  expect(text).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
  expect(line).toMatchObject({ pin: '[withheld]', escaped: '{"secret":"[withheld]"}' });
  expect(line.err.message).toMatch(/^outer \[withheld\]/);
});
