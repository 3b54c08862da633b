import { expect, test } from 'vitest';
import { startHttpRig } from '../e2e/http-support.ts';

test('while the look-up of rights keeps failing, a burst of requests makes one look-up a second', async () => {
  const rig = await startHttpRig({
    env: { SYNQLY_PERMISSIONS: 'learn' },
    sandbox: { size: 'small' },
    args: ['--rate-per-minute', '1000000'],
  });
  rig.sandbox.faults.add({ route: 'tokens_list', status: 500 });
  const until = Date.now() + 8_000;
  while (Date.now() < until) {
    await (await rig.post({ method: 'tools/list' }, { authorization: `Bearer ${rig.sandbox.token}` })).text();
  }
  const asked = rig.exchanges.filter(({ operationId }) => operationId === 'tokens_list').length;
  expect(asked).toBeGreaterThan(1);
  expect(asked).toBeLessThanOrEqual(9);
  await rig.close();
});
