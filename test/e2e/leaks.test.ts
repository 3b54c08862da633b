import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import type { Fault } from '../../src/sandbox/faults.ts';
import { startSandbox } from '../../src/sandbox/start.ts';
import { builtCli, canary, cleanEnvironment } from './support.ts';

/*
 * A token goes into the process and must come out nowhere: not on stdout, not on stderr, whatever Synqly answers. The
 * process is driven by hand, so that everything it writes is seen.
 */
const faults: Fault[] = [
  { status: 401 },
  { status: 429, retryAfter: 60 },
  { status: 500 },
  { hang: true },
  { reset: true },
  { body: 'broken-json' },
  { body: 'html' },
  { body: 'empty' },
  { body: 'drip' },
  { body: 'huge', size: 20 * 1024 * 1024 },
  { echo: true },
  { echo: true, status: 500 },
];
const secret = `secret-${canary}`;

test('neither the bearer nor a secret argument is written anywhere, through every fault', async () => {
  const sandbox = await startSandbox();
  const args = [builtCli, '--base-url', sandbox.baseUrl, '--timeout', '1', '--log-level', 'debug'];
  const child = spawn(process.execPath, args, { env: cleanEnvironment({ SYNQLY_TOKEN: canary }) });
  let written = '';
  let answers = 0;
  child.stdout.on('data', (chunk) => {
    written += chunk;
    answers += String(chunk).split('\n').length - 1;
  });
  child.stderr.on('data', (chunk) => {
    written += chunk;
  });
  const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const clientInfo = { name: 'test', version: '1' };
  say({
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
  });
  say({ method: 'notifications/initialized' });
  const config = { type: 'basic', username: 'svc', secret };
  for (const [index, fault] of faults.entries()) {
    sandbox.faults.clear();
    sandbox.faults.add(fault);
    const params = { name: 'credentials_create', arguments: { owner_id: 'x', config } };
    say({ id: index + 1, method: 'tools/call', params });
    await expect.poll(() => answers).toBe(index + 2);
  }
  child.stdin.end();
  await new Promise((resolve) => child.once('exit', resolve));
  await sandbox.close();

  expect(answers).toBe(faults.length + 1);
  expect(written).toContain('isError');
  const forms = [canary, Buffer.from(canary).toString('base64'), Buffer.from(secret).toString('base64')];
  for (const form of forms) expect(written).not.toContain(form);
});
