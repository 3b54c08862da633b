import { expect, test } from 'vitest';
import { v2Headers, v2Request } from '../e2e/generations-support.ts';
import { startHttpRig } from '../e2e/http-support.ts';

/** Open streams of all callers together; one token may have two thirds. */
const maxStreams = 1_000;

test('one token cannot take all streams, and streams that end make room', async () => {
  const rig = await startHttpRig({ args: ['--rate-per-minute', '1000000', '--permissions', 'ignore'] });
  const { secret } = await rig.makeToken({
    permission_set: 'administrator',
    resources: { accounts: { ids: ['*'] } },
  });
  const message = v2Request('subscriptions/listen', { notifications: { toolsListChanged: true } });
  const open = async (token: string) => {
    const closing = new AbortController();
    const response = await fetch(rig.url, {
      method: 'POST',
      headers: {
        ...v2Headers(message),
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify(message),
      signal: closing.signal,
    });
    return { response, close: () => closing.abort() };
  };
  const streams: Awaited<ReturnType<typeof open>>[] = [];
  while (streams.at(-1)?.response.status !== 503 && streams.length <= maxStreams)
    streams.push(await open(rig.sandbox.token));
  const [refused, ...opened] = streams.toReversed();
  expect(refused?.response.headers.get('retry-after')).toBe('1');
  expect(await refused?.response.json()).toMatchObject({
    error: { message: expect.stringContaining('streams') },
  });
  expect(opened.length).toBeGreaterThan(maxStreams / 2);
  expect(opened.length).toBeLessThan(maxStreams * 0.7);
  expect((await open(secret)).response.status).toBe(200);
  // Requests have slots of their own.
  expect((await rig.call(rig.sandbox.token, 'organization_get')).result).toBeDefined();
  for (const { close } of opened) close();
  await expect.poll(async () => (await open(rig.sandbox.token)).response.status).toBe(200);
  await rig.close();
});
