import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { CallError } from '../../src/errors.ts';
import { directAccess, readBearer } from '../../src/transports/access.ts';

let time = 1;
const clock = { now: () => time };

/** A Synqly that knows the given tokens, and how often it was asked. */
function synqlyThatKnows(...tokens: string[]) {
  const known = new Set(tokens);
  const asked: string[] = [];
  const request = async (_: unknown, token: string) => {
    asked.push(token);
    if (!known.has(token)) throw new CallError('unauthorized', 'unknown', { status: 401 });
    return { status: 200, body: {}, requestId: undefined, retryAfter: undefined };
  };
  return { known, asked, client: { request } };
}

/** Lets so many seconds pass. */
function pass(seconds: number): void {
  time += seconds * 1000;
}

const admits = async (access: ReturnType<typeof directAccess>, token: string) =>
  !('status' in (await access.admit(readBearer(`Bearer ${token}`))));

test('a token that was revoked at Synqly stops working within a minute', async () => {
  const { known, asked, client } = synqlyThatKnows('good');
  const access = directAccess(client, { clock: clock });
  expect(await admits(access, 'good')).toBe(true);
  known.delete('good');
  pass(59);
  expect(await admits(access, 'good')).toBe(true);
  expect(asked).toHaveLength(1);
  pass(2);
  expect(await admits(access, 'good')).toBe(false);
});

test('a refusal is remembered for ten seconds, so that a bad token does not trouble Synqly', async () => {
  const { known, asked, client } = synqlyThatKnows();
  const access = directAccess(client, { clock: clock });
  for (let count = 0; count < 5; count += 1) expect(await admits(access, 'late')).toBe(false);
  expect(asked).toHaveLength(1);
  known.add('late');
  pass(11);
  expect(await admits(access, 'late')).toBe(true);
});

test('a failed check is not remembered', async () => {
  const request = vi
    .fn()
    .mockRejectedValueOnce(new CallError('connection_failed', 'away'))
    .mockResolvedValue({ status: 200, body: {} });
  const access = directAccess({ request }, { clock });
  expect(await access.admit(readBearer('Bearer token'))).toMatchObject({ status: 503 });
  expect(await admits(access, 'token')).toBe(true);
});

test('a flood of different tokens becomes no flood of requests', async () => {
  let running = 0;
  let most = 0;
  const request = async () => {
    running += 1;
    most = Math.max(most, running);
    await pause(50);
    running -= 1;
    throw new CallError('unauthorized', 'unknown', { status: 401 });
  };
  const access = directAccess({ request }, { clock });
  const answers = await Promise.all(
    Array.from({ length: 500 }, (_, index) => access.admit(readBearer(`Bearer token-${index}`))),
  );
  expect(most).toBe(64);
  expect(answers.filter((answer) => 'status' in answer && answer.status === 503)).toHaveLength(436);
});
