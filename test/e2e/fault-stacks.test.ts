import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHttpRig } from './http-support.ts';
import { builtCli, canary, cleanEnvironment, startRig } from './support.ts';

/*
 * A fault of this server is logged with a stack of the source, though what runs is a bundle. The faults are put in from
 * outside: functions of the language throw for a text that only these tests send.
 */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stacks-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const planted = 'planted-fault';

/** Options of Node that make a function throw, when it is given the planted text unless another condition is named. */
function breaking(owner: string, name: string, condition = `text === '${planted}'`) {
  const file = join(folder, `${name}.cjs`);
  writeFileSync(
    file,
    `const real = ${owner}.${name};
    ${owner}.${name} = function (text) {
      if (${condition}) throw new Error('planted');
      return real.apply(this, arguments);
    };`,
  );
  return { NODE_OPTIONS: `--require ${file}` };
}

/** The stack in the first line of the log with this message, as soon as it is there. */
async function stackIn(stderr: () => string, message: string): Promise<string> {
  const find = () =>
    stderr()
      .split('\n')
      .find((line) => line.includes(message));
  await expect.poll(find).toBeDefined();
  return JSON.parse(find() as string).err.stack;
}

describe('the stack of a fault names files, functions and lines of the source', () => {
  test('in a call of a tool', async () => {
    const rig = await startRig({ env: breaking('globalThis', 'encodeURIComponent') });
    const { json } = await rig.call('accounts_get', { account_id: planted });
    expect(json.error.code).toBe('internal');
    const stack = await stackIn(rig.stderr, 'a call failed with an internal error');
    expect(stack).toMatch(/^Error: planted\n/);
    expect(stack).toMatch(/\n {4}at \w+ \(src\/synqly\/url\.ts:\d+:\d+\)\n/);
    expect(stack).toMatch(/\n {4}at \w+ \(src\/pipeline\/execute\/[\w-]+\.ts:\d+:\d+\)\n/);
    expect(stack).not.toContain('/chunks/');
    await rig.close();
  });

  test('in a request of a resource', async () => {
    const rig = await startRig({
      env: breaking('RegExp.prototype', 'exec', "this.source.endsWith('timeseries$')"),
    });
    const uri = `synqly://status/${planted}/one/timeseries`;
    await expect(rig.client.readResource({ uri })).rejects.toThrow(
      'failed with an internal error of this server',
    );
    const stack = await stackIn(rig.stderr, 'a request failed with an internal error');
    expect(stack).toMatch(/\n {4}at (async )?readResource \(src\/resources\/read\.ts:\d+:\d+\)\n/);
    await rig.close();
  });

  test('in a request over HTTP', async () => {
    const rig = await startHttpRig({ args: ['--sessions'], env: breaking('Map.prototype', 'get') });
    const headers = {
      authorization: `Bearer ${rig.sandbox.token}`,
      accept: 'text/event-stream',
      'mcp-session-id': planted,
    };
    expect((await fetch(rig.url, { headers })).status).toBe(500);
    const stack = await stackIn(rig.stderr, 'internal error in a request');
    expect(stack).toMatch(/\n {4}at \w+ \(src\/transports\/http\/session-routes\.ts:\d+:\d+\)\n/);
    await rig.close();
  });

  /** Ends by a fault while it starts. */
  function failedStart(cli: string): string {
    const { status, stderr } = spawnSync(
      process.execPath,
      [cli, '--permissions', 'ignore', '--log-level', 'debug'],
      {
        env: cleanEnvironment({ SYNQLY_TOKEN: canary, ...breaking('process.stdin', 'on', 'true') }),
        encoding: 'utf8',
      },
    );
    expect(status).toBe(1);
    expect(stderr).toContain('synqly-mcp: unexpected error: planted\n');
    return stderr;
  }

  test('at the end of the program, with --log-level debug', () => {
    expect(failedStart(builtCli)).toMatch(
      /\n {4}at [\w. ]+ \(src\/transports\/stdio\/[\w-]+\.ts:\d+:\d+\)\n/,
    );
  });

  test('but those of the bundle where there are no source maps', () => {
    const copy = join(folder, 'dist');
    const filter = (path: string) => !/\.map$|\bfacts$/.test(path);
    cpSync(dirname(builtCli), copy, { recursive: true, filter });
    writeFileSync(join(copy, 'package.json'), '{"type":"module"}');
    expect(failedStart(join(copy, 'cli.js'))).toMatch(
      /\n {4}at [\w. ]+ \(file:.*\/chunks\/[\w-]+\.js:\d+:\d+\)\n/,
    );
  });
});
