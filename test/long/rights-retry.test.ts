import { expect, test } from 'vitest';
import { startHttpRig } from '../e2e/http-support.ts';

test('while the look-up of rights keeps failing, Synqly is asked less and less often', async () => {
  const rig = await startHttpRig({ sandbox: { size: 'small' }, args: ['--rate-per-minute', '1000000'] });
  rig.sandbox.faults.add({ route: 'tokens_list', status: 500 });
  const until = Date.now() + 8_000;
  while (Date.now() < until) {
    await (await rig.post({ method: 'tools/list' }, { authorization: `Bearer ${rig.sandbox.token}` })).text();
  }
  const asked = rig.exchanges.filter(({ operationId }) => operationId === 'tokens_list').length;
  expect(asked).toBeGreaterThan(1);
  // After 1, 2 and 4 s.
  expect(asked).toBeLessThanOrEqual(5);
  await rig.close();
});
