import { expect } from 'vitest';
import { startSandbox } from '../../src/sandbox/start.ts';
import { makeFolder, makeMcpToken, startGateway } from './gateway-support.ts';
import { type HttpProgram, postTo, startHttpRig } from './http-support.ts';

/** Has each caller ask in turn, many at a time; counts what is wrong, and what shows the other's. */
async function interleave(
  { call }: HttpProgram,
  callers: { own: string; foreign: string; token: string }[],
  count: number,
): Promise<{ leaks: number; wrong: number }> {
  const found = { leaks: 0, wrong: 0 };
  const run = async (turn: number) => {
    for (let index = turn; index < count; index += 20) {
      const caller = callers[index % callers.length];
      if (!caller) continue;
      const asks = [
        () => call(caller.token, 'accounts_list'),
        () => call(caller.token, 'accounts_list', { filter: [`name[eq]${caller.own}`] }),
        () => call(caller.token, 'integrations_list', { limit: -1, note: caller.own }),
      ];
      const kind = Math.floor(index / callers.length) % asks.length;
      const text = JSON.stringify(await asks[kind]?.());
      if (kind === 2 ? !text.includes('invalid_arguments') : !text.includes(caller.own)) found.wrong += 1;
      if (text.includes(caller.foreign)) found.leaks += 1;
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, turn) => run(turn)));
  return found;
}

const names = { red: 'planted-red-7f3a', blue: 'planted-blue-c41e' };
const quick = ['--rate-per-minute', '1000000', '--log-level', 'info'];

/** Two callers with API tokens of one server, whose calls run at the same time, see nothing of each other. */
export async function seeTheirOwnByApiTokens(count: number): Promise<void> {
  const rig = await startHttpRig({ args: quick });
  const { sandbox, call, makeToken, stderr } = rig;
  for (const name of Object.values(names)) await call(sandbox.token, 'accounts_create', { name });
  const callers = await Promise.all(
    Object.values(names).map(async (own) => {
      const resources = { accounts: { ids: [own] } };
      const { secret } = await makeToken({ permission_set: 'viewer', resources });
      return { own, token: secret, foreign: Object.values(names).find((name) => name !== own) ?? '' };
    }),
  );
  expect(await interleave(rig, callers, count)).toEqual({ leaks: 0, wrong: 0 });
  for (const { token } of callers) expect(stderr()).not.toContain(token);
  await rig.close();
}

/** The same with MCP tokens of one gateway. */
export async function seeTheirOwnByMcpTokens(count: number): Promise<void> {
  const sandbox = await startSandbox({ size: 'small' });
  const store = await makeFolder();
  for (const name of Object.values(names)) await postTo(sandbox, '/v1/accounts', { name });
  const callers = await Promise.all(
    Object.values(names).map(async (own) => {
      const { token, fingerprint } = await makeMcpToken(sandbox, store.named, '--account', own);
      return { own, token, fingerprint, foreign: Object.values(names).find((name) => name !== own) ?? '' };
    }),
  );
  const gateway = await startGateway(sandbox, store.named, quick);
  expect(await interleave(gateway, callers, count)).toEqual({ leaks: 0, wrong: 0 });
  const linesOf = (fingerprint: string) =>
    gateway
      .stderr()
      .split('\n')
      .filter((line) => line.includes(`"caller":"${fingerprint}"`)).length;
  for (const { token, own, fingerprint } of callers) {
    await expect.poll(() => linesOf(fingerprint)).toBe(count / 2);
    expect(gateway.stderr()).not.toContain(token);
    expect(gateway.stderr()).not.toContain(own);
  }
  await gateway.close();
  await sandbox.close();
  await store.close();
}
