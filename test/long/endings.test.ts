import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  callOf,
  contradictions,
  type End,
  end,
  endAt,
  ends,
  type Step,
  serveOverHttp,
  serveOverStdio,
  steps,
  type WatchedApi,
  watchApi,
} from '../e2e/endings-support.ts';
import { postTo } from '../e2e/http-support.ts';

/** Times that each case is run: which of two comes first is chance. */
const rounds = 3;

/** With no answer there is nothing left to chance, and a wait of three or ten seconds. */
const timesOf = (step: Step) => (step === 'while waiting, with none' ? 1 : rounds);

const signals: readonly End[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'];

let number = 0;
const newName = () => {
  number += 1;
  return `ending-${number}`;
};

const statusOf = (how: End) => (how === 'SIGKILL' ? [null, 'SIGKILL'] : [0, null]);

async function runOnce(door: 'stdio' | 'http', step: Step, how: End): Promise<void> {
  const watched = await watchApi();
  const served = await (door === 'stdio' ? serveOverStdio(watched) : serveOverHttp(watched));
  const name = newName();
  try {
    await endAt(watched, served, step, how, name);
    expect(await served.exited).toEqual(statusOf(how));
    expect(await contradictions(watched, name, how), `${door}, ${step}, ${how}`).toEqual([]);
    if (step.startsWith('while waiting')) expect(watched.deletes).toHaveLength(1);
  } finally {
    served.child.kill('SIGKILL');
    await watched.close();
  }
}

describe.concurrent.each(steps)('a delete that ends %s', (step) => {
  test.each(ends)('over stdio, by %s, has the same outcome in the API and the audit log', async (how) => {
    for (let round = 0; round < timesOf(step); round += 1) await runOnce('stdio', step, how);
  });

  test.each(signals)('over HTTP, by %s, has the same outcome in the API and the audit log', async (how) => {
    for (let round = 0; round < timesOf(step); round += 1) await runOnce('http', step, how);
  });
});

describe('many deletes at once', () => {
  let watched: WatchedApi;
  beforeAll(async () => {
    watched = await watchApi();
  });
  afterAll(() => watched.close());

  test.each(ends)('ended by %s have an audit line each', async (how) => {
    const served = await serveOverStdio(watched, {
      args: ['--audit-log', watched.file, '--confirm', 'never'],
    });
    const names = Array.from({ length: 20 }, newName);
    await Promise.all(names.map((name) => postTo(watched.sandbox, '/v1/accounts', { name })));
    const held = watched.hold(
      ({ method, path }) => method === 'DELETE' && names.some((name) => path.endsWith(name)),
    );
    names.forEach((name, index) => {
      served.say(callOf('accounts_delete', { account_id: name }, 100 + index));
    });
    await held.reached;
    end(served, how);
    setTimeout(held.release, 300);
    expect(await served.exited).toEqual(statusOf(how));
    for (const name of names) expect(await contradictions(watched, name, how), name).toEqual([]);
  });
});
