import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import {
  callOf,
  contradictions,
  type End,
  end,
  endAt,
  isAccount,
  prepareDelete,
  type Served,
  type Step,
  serveOverHttp,
  serveOverStdio,
  type WatchedApi,
  watchApi,
} from './endings-support.ts';
import { postTo, startHttpProgram } from './http-support.ts';
import { builtCli, cleanEnvironment } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ends-'));
afterAll(() => rmSync(folder, { recursive: true }));

const over: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of over.splice(0).reverse()) await step();
});

/** Has something ended when the test is over, however it goes. */
function ending<Thing extends Served | WatchedApi>(thing: Thing): Thing {
  over.push(() => ('child' in thing ? thing.child.kill('SIGKILL') : thing.close()));
  return thing;
}

const closingOf = (watched: WatchedApi) =>
  watched
    .lines()
    .filter(({ phase }) => phase !== 'sent')
    .at(-1);

describe.concurrent('the API and the audit log tell the same of a delete', () => {
  const cases: readonly ['stdio' | 'http', Step, End][] = [
    ['stdio', 'before the look', 'stdin ends'],
    ['stdio', 'during the look', 'SIGTERM'],
    ['stdio', 'right before sending', 'SIGINT'],
    ['stdio', 'while waiting, with an answer in time', 'SIGHUP'],
    ['stdio', 'while waiting, with an answer in time', 'stdout breaks'],
    ['stdio', 'while waiting, with none', 'stdout breaks'],
    ['stdio', 'while waiting, with none', 'SIGTERM'],
    ['stdio', 'while waiting, with none', 'stdin ends'],
    ['stdio', 'after the answer', 'stdout breaks'],
    ['http', 'right before sending', 'SIGTERM'],
    ['http', 'while waiting, with an answer in time', 'SIGHUP'],
    ['http', 'after the answer', 'SIGINT'],
  ];
  test.each(cases)('over %s, %s: %s', async (door, step, how) => {
    const watched = await watchApi();
    const served = await (door === 'stdio' ? serveOverStdio(watched) : serveOverHttp(watched));
    try {
      await endAt(watched, served, step, how, 'ending');
      expect(await served.exited).toEqual([0, null]);
      expect(await contradictions(watched, 'ending', how)).toEqual([]);
      expect(served.stderr()).not.toMatch(/\n\s+at /);
      if (!step.startsWith('while waiting')) return;
      expect(watched.deletes).toHaveLength(1);
      const outcome = step === 'while waiting, with none' ? 'interrupted' : 'ok';
      expect(closingOf(watched)).toMatchObject({ phase: 'ended', effect: 'destroy', outcome });
    } finally {
      served.child.kill('SIGKILL');
      await watched.close();
    }
  });
});

test('a call ended by the server is answered with a warning that it may have taken effect', async () => {
  const watched = ending(await watchApi());
  const served = ending(await serveOverStdio(watched));
  await endAt(watched, served, 'while waiting, with none', 'SIGTERM', 'ending');
  await served.exited;
  const answer = served
    .stdout()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .find(({ id }) => id === 1_000);
  const { error } = JSON.parse(answer.result.content[0].text);
  expect(error).toMatchObject({ code: 'interrupted', retry: 'check' });
});

describe('the audit line is closed even when the process ends at once', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('a second signal, %s', async (second) => {
    const watched = ending(await watchApi());
    const served = ending(await serveOverStdio(watched));
    const call = await prepareDelete(watched, served, 'ending');
    const held = watched.hold(isAccount('ending', 'DELETE'));
    served.say(call);
    await held.reached;
    served.child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 200));
    served.child.kill(second);
    expect(await served.exited).toEqual([second === 'SIGTERM' ? 143 : 130, null]);
    expect(await contradictions(watched, 'ending', second)).toEqual([]);
    expect(closingOf(watched)).toMatchObject({ phase: 'ended', outcome: 'interrupted' });
  });

  test('an uncaught exception', async () => {
    const fault = join(folder, 'fault.cjs');
    writeFileSync(fault, "process.on('SIGUSR2', () => setImmediate(() => { throw new Error('planted'); }));");
    const watched = ending(await watchApi());
    const served = ending(await serveOverStdio(watched, { env: { NODE_OPTIONS: `--require ${fault}` } }));
    const call = await prepareDelete(watched, served, 'ending');
    const held = watched.hold(isAccount('ending', 'DELETE'));
    served.say(call);
    await held.reached;
    served.child.kill('SIGUSR2');
    expect(await served.exited).toEqual([1, null]);
    expect(served.stderr()).toContain('planted');
    expect(await contradictions(watched, 'ending', 'SIGTERM')).toEqual([]);
    expect(closingOf(watched)).toMatchObject({ phase: 'ended', outcome: 'interrupted' });
  });

  test('also on stderr, where no file is named', async () => {
    const watched = ending(await watchApi());
    const served = ending(await serveOverStdio(watched, { args: [] }));
    const call = await prepareDelete(watched, served, 'ending');
    const held = watched.hold(isAccount('ending', 'DELETE'));
    served.say(call);
    await held.reached;
    for (const _ of ['first', 'second']) {
      served.child.kill('SIGTERM');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(await served.exited).toEqual([143, null]);
    expect(served.stderr()).toMatch(
      /"phase":"ended".*"operation":"accounts_delete".*"outcome":"interrupted"/,
    );
  });
});

describe('a client that stops reading', () => {
  test('ends connect cleanly', async () => {
    const watched = ending(await watchApi());
    const gateway = ending(await serveOverHttp(watched));
    const bridge = ending(await serveOverStdio(watched, { gateway: gateway.url }));
    end(bridge, 'stdout breaks');
    expect(await bridge.exited).toEqual([0, null]);
    expect(bridge.stderr()).not.toMatch(/EPIPE|\n\s+at /);
  });

  test('has no later request carried out', async () => {
    const watched = ending(await watchApi());
    const served = ending(await serveOverStdio(watched));
    const held = watched.hold(({ path }) => path === '/v1/accounts/nobody');
    served.say(callOf('accounts_get', { account_id: 'nobody' }, 1));
    await held.reached;
    end(served, 'stdout breaks');
    await new Promise((resolve) => setTimeout(resolve, 200));
    served.say(callOf('accounts_create', { name: 'too-late' }, 2));
    await new Promise((resolve) => setTimeout(resolve, 200));
    held.release();
    expect(await served.exited).toEqual([0, null]);
    expect(watched.api.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  test('has running calls finished, and ends the program, when it is the reader of the log', async () => {
    const watched = ending(await watchApi());
    const served = ending(await serveOverStdio(watched));
    served.child.stderr?.destroy();
    const { result } = await served.ask(callOf('accounts_create', { name: 'one' }));
    expect(result.isError).toBeUndefined();
    expect(await served.exited).toEqual([0, null]);
    expect(watched.lines().map(({ phase }) => phase)).toEqual(['sent', 'ended']);
  });

  test('ends a command without a stack trace', async () => {
    const child = spawn(process.execPath, [builtCli, 'tools', '--json'], { env: cleanEnvironment() });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.destroy();
    const [code] = await once(child, 'exit');
    expect(code).toBe(1);
    expect(stderr).toBe('');
  });
});

describe('over HTTP with sessions', () => {
  const args = ['--sessions'];

  test('an idle stream does not delay the end of the process', async () => {
    const watched = ending(await watchApi());
    const program = await startHttpProgram(['--base-url', watched.api.url, ...args]);
    over.push(() => program.close());
    const client = await program.connect(watched.sandbox.token);
    await client.listTools();
    const exited = once(program.child, 'exit');
    const begun = performance.now();
    program.child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    // A running call would get ten seconds.
    expect(performance.now() - begun).toBeLessThan(9_500);
    await client.close();
  });

  test('a call that waits for a person ends at once, unsent', async () => {
    const watched = ending(await watchApi());
    await postTo(watched.sandbox, '/v1/accounts', { name: 'ending' });
    const program = await startHttpProgram([
      '--base-url',
      watched.api.url,
      '--audit-log',
      watched.file,
      ...args,
    ]);
    over.push(() => program.close());
    let isAsked = false;
    const client = await program.connect(watched.sandbox.token, async () => {
      isAsked = true;
      return new Promise(() => {});
    });
    const answer = client.callTool({ name: 'accounts_delete', arguments: { account_id: 'ending' } });
    await expect.poll(() => isAsked).toBe(true);
    const exited = once(program.child, 'exit');
    program.child.kill('SIGTERM');
    expect(JSON.stringify(await answer)).toMatch(/interrupted.*safe/);
    expect(await exited).toEqual([0, null]);
    expect(watched.deletes).toEqual([]);
    expect(closingOf(watched)).toMatchObject({ phase: 'not_sent', outcome: 'interrupted' });
    await client.close();
  });

  test('a call whose client disconnected is waited for, and its audit line has the outcome', async () => {
    const watched = ending(await watchApi());
    const program = await startHttpProgram([
      ...['--base-url', watched.api.url, '--audit-log', watched.file, '--confirm', 'never'],
      ...args,
    ]);
    over.push(() => program.close());
    await postTo(watched.sandbox, '/v1/accounts', { name: 'ending' });
    const client = await program.connect(watched.sandbox.token);
    const held = watched.hold(isAccount('ending', 'DELETE'));
    client.callTool({ name: 'accounts_delete', arguments: { account_id: 'ending' } }).catch(() => {});
    await held.reached;
    await client.close();
    const exited = once(program.child, 'exit');
    program.child.kill('SIGTERM');
    setTimeout(held.release, 300);
    expect(await exited).toEqual([0, null]);
    expect(closingOf(watched)).toMatchObject({ phase: 'ended', outcome: 'ok' });
  });
});

test('over HTTP the audit line of a write whose client disconnected says cancelled', async () => {
  const watched = ending(await watchApi());
  const served = ending(await serveOverHttp(watched));
  const held = watched.hold(({ method, path }) => method === 'POST' && path === '/v1/accounts');
  const leaving = new AbortController();
  const body = JSON.stringify({ jsonrpc: '2.0', ...callOf('accounts_create', { name: 'left' }, 1) });
  const { url, headers } = served;
  fetch(url, { method: 'POST', headers, body, signal: leaving.signal }).catch(() => {});
  await held.reached;
  leaving.abort();
  await expect.poll(() => closingOf(watched)).toMatchObject({ phase: 'ended', outcome: 'cancelled' });
  held.release();
});
