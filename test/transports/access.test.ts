import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { type Bearer, createDirectAuthenticator, readBearer } from '../../src/auth/authenticate.ts';
import { CallError } from '../../src/errors.ts';

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

const admits = async (access: ReturnType<typeof createDirectAuthenticator>, token: string) =>
  !('status' in (await access.authenticate(readBearer(`Bearer ${token}`))));

test('a token that was revoked at Synqly stops working within a minute', async () => {
  const { known, asked, client } = synqlyThatKnows('good');
  const access = createDirectAuthenticator(client, { clock: clock });
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
  const access = createDirectAuthenticator(client, { clock: clock });
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
  const access = createDirectAuthenticator({ request }, { clock });
  expect(await access.authenticate(readBearer('Bearer token'))).toMatchObject({ status: 503 });
  expect(await admits(access, 'token')).toBe(true);
});

test('a flood of different tokens becomes no flood of requests, and leaves room for the tokens of others', async () => {
  let running = 0;
  let most = 0;
  const request = async (_: unknown, token: string) => {
    running += 1;
    most = Math.max(most, running);
    await pause(50);
    running -= 1;
    if (!token.startsWith('good')) throw new CallError('unauthorized', 'unknown', { status: 401 });
    return { status: 200, body: {}, requestId: undefined, retryAfter: undefined };
  };
  const access = createDirectAuthenticator({ request }, { clock });
  const ended: string[] = [];
  const ask = async (token: string, sender: string) => {
    const answer = await access.authenticate(readBearer(`Bearer ${token}`), undefined, sender);
    ended.push(sender);
    return 'status' in answer ? answer.status : 200;
  };
  const flood = Array.from({ length: 500 }, (_, index) => ask(`token-${index}`, 'flood'));
  await pause(5);
  expect(running).toBeLessThan(64);
  const good = Array.from({ length: 30 }, (_, index) => ask(`good-${index}`, 'other'));
  expect(new Set(await Promise.all(good))).toEqual(new Set([200]));
  // Refused at once are those for which there was no place to wait; the others were not all served first.
  expect(ended.filter((sender) => sender === 'flood').length).toBeLessThan(500);
  const answers = await Promise.all(flood);
  expect(most).toBeLessThanOrEqual(64);
  expect([...new Set(answers)].sort()).toEqual([401, 503]);
  expect(answers.filter((status) => status === 401).length).toBeGreaterThanOrEqual(200);
});

test('a token that was good is checked again past those that wait, and is not forgotten for bad ones', async () => {
  const { asked, client } = synqlyThatKnows('good');
  let hold: Promise<void> | undefined;
  const request = async (target: unknown, token: string) => {
    if (token.startsWith('slow')) await hold;
    return client.request(target, token);
  };
  const access = createDirectAuthenticator({ request }, { clock });
  expect(await admits(access, 'good')).toBe(true);
  for (let index = 0; index < 10_100; index += 1) await admits(access, `bad-${index}`);
  asked.length = 0;
  expect(await admits(access, 'good')).toBe(true);
  expect(asked).toEqual([]);
  pass(61);
  let release = () => {};
  hold = new Promise((resolve) => {
    release = resolve;
  });
  const senders = Array.from({ length: 20 }, (_, index) => `sender-${index}`);
  const slow = senders.flatMap((sender) =>
    Array.from({ length: 20 }, (_, index) =>
      access.authenticate(readBearer(`Bearer slow-${sender}-${index}`), undefined, sender),
    ),
  );
  expect(await admits(access, 'good')).toBe(true);
  release();
  expect((await Promise.all(slow)).every((answer) => 'status' in answer && answer.status === 401)).toBe(true);
});

test('a token is known from its first good check on, and no more once it is bad', async () => {
  const { known, client } = synqlyThatKnows('good');
  const access = createDirectAuthenticator(client, { clock });
  const knows = (token: string) => access.isKnown(readBearer(`Bearer ${token}`) as Bearer);
  expect(knows('good')).toBe(false);
  await admits(access, 'good');
  await admits(access, 'bad');
  pass(300);
  expect([knows('good'), knows('bad')]).toEqual([true, false]);
  known.delete('good');
  expect(await admits(access, 'good')).toBe(false);
  expect(knows('good')).toBe(false);
});
