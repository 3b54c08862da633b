import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { startProgram } from '../e2e/support.ts';

let sandbox: Sandbox;
const folder = mkdtempSync(join(tmpdir(), 'synqly-mcp-'));
const file = join(folder, 'token');
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

/** A further token of the sandbox's organization. */
async function makeToken(name: string): Promise<string> {
  const response = await fetch(`${sandbox.baseUrl}/v1/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sandbox.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name, permission_set: 'administrator', resources: {} }),
  });
  const { result } = (await response.json()) as { result: { primary: { access: { secret: string } } } };
  return result.primary.access.secret;
}

const start = (env: Record<string, string>) => startProgram(['--base-url', sandbox.baseUrl], env);

test('SYNQLY_MCP_TOKEN is read where SYNQLY_TOKEN is not set', async () => {
  const program = await start({ SYNQLY_MCP_TOKEN: sandbox.token });
  expect((await program.call('organization_get')).isError).toBe(false);
  await program.close();
});

test('a Bearer prefix and line breaks around a token do no harm', async () => {
  writeFileSync(file, `Bearer ${sandbox.token}\n`);
  const program = await start({ SYNQLY_TOKEN_FILE: file });
  expect((await program.call('organization_get')).isError).toBe(false);
  await program.close();
});

test('a token file is read again when it changes', async () => {
  writeFileSync(file, 'not-a-valid-token');
  const program = await start({ SYNQLY_TOKEN_FILE: file });
  expect((await program.call('organization_get')).json.error.code).toBe('unauthorized');
  writeFileSync(`${file}.next`, await makeToken('replaced'));
  renameSync(`${file}.next`, file);
  expect((await program.call('organization_get')).isError).toBe(false);
  await program.close();
});

test('a token file that changed unnoticed is read again when Synqly answers 401', async () => {
  const asIfUnchanged = (token: string) => {
    writeFileSync(file, token);
    utimesSync(file, new Date(0), new Date(0));
  };
  asIfUnchanged('x'.repeat(sandbox.token.length));
  const program = await start({ SYNQLY_TOKEN_FILE: file });
  expect((await program.call('organization_get')).json.error.code).toBe('unauthorized');
  asIfUnchanged(sandbox.token);
  expect((await program.call('organization_get')).isError).toBe(false);
  await program.close();
});

test('a missing or empty token file is an error that says what to do, and no crash', async () => {
  rmSync(file, { force: true });
  const program = await start({ SYNQLY_TOKEN_FILE: file });
  const missing = await program.call('organization_get');
  expect(missing.json.error).toMatchObject({
    code: 'token_unavailable',
    next: expect.stringContaining('SYNQLY_TOKEN_FILE'),
  });
  writeFileSync(file, ' \n');
  expect((await program.call('organization_get')).json.error.code).toBe('token_unavailable');
  writeFileSync(file, sandbox.token);
  expect((await program.call('organization_get')).isError).toBe(false);
  await program.close();
});

test('results hold references in place of secrets, unless --reveal-secrets is set', async () => {
  const create = { name: 'made', permission_set: 'viewer', resources: {} };
  const careful = await start({ SYNQLY_TOKEN: sandbox.token });
  const withheld = await careful.call('tokens_create_token', create);
  expect(withheld.json.result.primary.access.secret).toMatch(/^\$\{secret:[0-9a-f]{10}\}$/);
  expect(withheld.json.result.primary.refresh.secret).toMatch(/^\$\{secret:[0-9a-f]{10}\}$/);
  await careful.close();

  const open = await startProgram(['--base-url', sandbox.baseUrl, '--reveal-secrets'], {
    SYNQLY_TOKEN: sandbox.token,
  });
  const revealed = await open.call('tokens_get', { refresh_token_id: withheld.json.result.id });
  const { secret } = revealed.json.result.primary.access;
  const used = await fetch(`${sandbox.baseUrl}/v1/organization`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  expect(used.status).toBe(200);
  await open.close();
});

test('results show the settings of a provider, and not its inline secrets', async () => {
  const program = await start({ SYNQLY_TOKEN: sandbox.token });
  await program.call('accounts_create', { name: 'readable', environment: 'test' });
  const provider_config = {
    type: 'siem_splunk',
    search_service_url: 'https://splunk.example.com',
    search_service_credential: { type: 'token', secret: 'inline-splunk-secret' },
  };
  const { text, json } = await program.call('integrations_create', {
    account_id: 'readable',
    provider_config,
  });
  expect(json.result.integration.provider_config).toMatchObject({
    type: 'siem_splunk',
    search_service_url: 'https://splunk.example.com',
  });
  expect(text).not.toContain('inline-splunk-secret');
  await program.close();
});
