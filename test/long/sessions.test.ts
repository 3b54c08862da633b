import { expect, test } from 'vitest';
import { startHttpRig } from '../e2e/http-support.ts';

test('a flood of 1,500 sessions of one token does not end the session of another', {
  timeout: 120_000,
}, async () => {
  const rig = await startHttpRig({
    sandbox: { size: 'small' },
    args: ['--sessions', '--permissions', 'ignore', '--rate-per-minute', '1000000'],
  });
  const { secret } = await rig.makeToken({
    permission_set: 'viewer',
    resources: { accounts: { ids: ['*'] } },
  });
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  };
  const open = async (token: string) => {
    const authorization = `Bearer ${token}`;
    const response = await rig.post({ method: 'initialize', params }, { authorization });
    await response.text();
    expect(response.status).toBe(200);
    return { authorization, 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' };
  };
  const quiet = await open(rig.sandbox.token);
  for (let round = 0; round < 30; round += 1)
    await Promise.all(Array.from({ length: 50 }, () => open(secret)));
  expect((await rig.post({ method: 'ping' }, quiet)).status).toBe(200);
  await rig.close();
});
