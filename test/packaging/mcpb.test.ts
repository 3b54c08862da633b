import { McpbManifestSchema } from '@anthropic-ai/mcpb/schemas/0.3';
import { describe, expect, test } from 'vitest';
import packageFile from '../../package.json' with { type: 'json' };
import { formEnvironment, formFields } from '../../packaging/mcpb/form.ts';
import { bundleManifest } from '../../packaging/mcpb/manifest.ts';
import { checkServer } from '../../packaging/start-server.ts';
import { settings } from '../../src/config/settings.ts';
import { builtCli, cleanEnvironment } from '../e2e/support.ts';

const manifest = bundleManifest([{ name: 'whoami', title: 'Who am I', description: 'Says who you are.' }]);

describe('the manifest of the MCP bundle', () => {
  test('is one of version 0.3, with no field that the version does not know', () => {
    expect(McpbManifestSchema.parse(manifest)).toEqual(manifest);
    expect(() => McpbManifestSchema.parse({ ...manifest, unknown: true })).toThrow(/unknown/);
  });

  test('has the name, version and Node.js of package.json', () => {
    expect(manifest).toMatchObject({
      name: packageFile.name,
      version: packageFile.version,
      compatibility: { runtimes: { node: packageFile.engines.node } },
    });
  });

  test('says what is sent where', () => {
    expect(manifest.long_description).toContain('## Privacy');
    expect(manifest.privacy_policies).toHaveLength(1);
  });
});

describe('the form', () => {
  test('asks for these settings', () => {
    expect(Object.keys(formFields)).toEqual([
      'token',
      'region',
      'read_only',
      'account',
      'surface',
      'secret_dir',
      'sandbox',
    ]);
  });

  test('masks the token, and nothing else', () => {
    const masked = Object.entries(formFields).filter(([, { sensitive }]) => sensitive === true);
    expect(masked.map(([key]) => key)).toEqual(['token']);
  });

  test('has read only on, and the sandbox off, from the start', () => {
    expect(formFields.read_only).toMatchObject({ type: 'boolean', default: true });
    expect(formFields.sandbox).toMatchObject({ type: 'boolean', default: false });
  });

  test('requires nothing: the sandbox needs no token', () => {
    expect(Object.values(formFields).filter(({ required }) => required)).toEqual([]);
  });

  test('gives each value to the variable of its setting, never to the command line', () => {
    expect(manifest.server.mcp_config.args).toEqual(['${__dirname}/server/dist/cli.js']);
    const variables = Object.values(settings).map(({ env }) => env);
    const used = Object.entries(formEnvironment);
    expect(used.map(([, value]) => value)).toEqual(
      Object.keys(formFields).map((key) => `\${user_config.${key}}`),
    );
    for (const [variable] of used) expect(variables).toContain(variable);
  });

  test('names the choices of a setting that has some', () => {
    expect(formFields.region?.description).toMatch(/ One of: us, eu\.$/);
    expect(formFields.surface?.description).toMatch(/ One of: full, compact\.$/);
  });
});

describe('a value that nobody has filled in counts as unset', () => {
  const start = (env: Record<string, string>) =>
    checkServer({
      command: process.execPath,
      args: [builtCli],
      env: cleanEnvironment({ ...env, SYNQLY_SANDBOX: 'true' }),
    });
  const emptied = Object.fromEntries(Object.keys(formEnvironment).map((variable) => [variable, '']));

  test.each([
    ['an empty one', emptied],
    ['one that the application has not replaced', formEnvironment],
  ])('%s', async (_, env) => {
    const unset = await start({});
    expect((await start(env)).tools).toEqual(unset.tools);
  });
});
