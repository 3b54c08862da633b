import { expect, test, vi } from 'vitest';
import { createLog } from '../src/log.ts';

/** What a log has written of these facts. */
async function written(facts: object): Promise<string> {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const log = createLog('info');
  log.info(facts, 'said');
  await log.flush();
  const text = write.mock.calls.map(([line]) => String(line)).join('');
  write.mockRestore();
  return text;
}

test('facts named like secrets are not written, at the top level or one below', async () => {
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
