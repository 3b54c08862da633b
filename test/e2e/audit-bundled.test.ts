import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';

const script = fileURLToPath(new URL('../../scripts/audit-bundled.mjs', import.meta.url));
let registry: FakeSynqly | undefined;
afterEach(() => registry?.close());

/** Runs the script against a registry; not synchronously, since the registry is in this process. */
function audit(url: string): Promise<{ status: number | null; stdout: string }> {
  const child = spawn(process.execPath, [script], { env: { ...process.env, npm_config_registry: url } });
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, stdout })));
}

const advisory = (severity: string) => ({ severity, title: 'Breaks', url: 'https://example.com/1' });

test.each([
  ['high', 1],
  ['critical', 1],
  ['low', 0],
])('an advisory of %s severity about a bundled library ends with %i', async (severity, expected) => {
  registry = await startFakeSynqly(() => ({ json: { undici: [advisory(severity)] } }));
  const { status, stdout } = await audit(registry.url);
  expect(status, stdout).toBe(expected);
  expect(stdout).toMatch(new RegExp(`^${severity}: undici \\d+\\.\\d+\\.\\d+: Breaks`));
  const [{ path, body } = { path: '', body: '{}' }] = registry.requests;
  expect(path).toBe('/-/npm/v1/security/advisories/bulk');
  const asked = JSON.parse(body);
  // Bundled, though all of them are development dependencies; what only tests use is not asked for.
  for (const name of ['undici', '@modelcontextprotocol/sdk', 'fastify', 'pino', 'zod']) {
    expect(asked[name], name).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+/)]);
  }
  for (const name of ['vitest', 'esbuild']) expect(asked).not.toHaveProperty(name);
});

test('without advisories, and where the registry does not answer, it passes and says which', async () => {
  registry = await startFakeSynqly(() => ({ json: {} }));
  expect(await audit(registry.url)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('0 advisories'),
  });
  registry.close();
  registry = await startFakeSynqly(() => ({ status: 404, json: {} }));
  for (const url of [registry.url, 'http://127.0.0.1:1/']) {
    const { status, stdout } = await audit(url);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Skipped: /);
  }
});
