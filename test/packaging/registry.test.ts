import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { expect, test } from 'vitest';
import { formVariables } from '../../packaging/mcpb/form.ts';
import { readPackageFile, root } from '../../packaging/project.ts';
import { registryEntry } from '../../packaging/registry.ts';
import { settings } from '../../src/config/settings.ts';
import schema from './schemas/server-2025-12-11.schema.json' with { type: 'json' };

const ajv = new Ajv({ strict: false, allErrors: true });
// The module is CommonJS: its function is the default export of its default export for the type checker.
formats.default(ajv);
const validate = ajv.compile(schema);
const errorsOf = (entry: unknown) => (validate(entry) ? [] : validate.errors);

const file = readPackageFile();
const bundle = { fileName: 'synqly-mcp.mcpb', sha256: 'a'.repeat(64) };
const published = JSON.parse(readFileSync(new URL('server.json', root), 'utf8'));

test('server.json is valid under the schema of the registry', () => {
  expect(errorsOf(published)).toEqual([]);
  expect(published.$schema).toBe(schema.$id);
  expect(errorsOf(registryEntry(file, bundle))).toEqual([]);
});

test('the schema refuses what it should', () => {
  expect(errorsOf({ ...published, description: 'x'.repeat(101) })).not.toEqual([]);
  expect(errorsOf({ ...published, name: 'no-namespace' })).not.toEqual([]);
  expect(errorsOf(registryEntry(file, { ...bundle, sha256: 'A' }))).not.toEqual([]);
});

test('the entry names the npm package that names the entry', () => {
  const [npm] = published.packages;
  expect(npm).toMatchObject({ identifier: file.name, version: file.version });
  expect([published.name, published.version]).toEqual([file.mcpName, file.version]);
});

test('each variable is one of a setting, and the token is marked as a secret', () => {
  const variables: { name: string; isSecret?: boolean }[] = published.packages[0].environmentVariables;
  const known = Object.values(settings).map(({ env }) => env);
  for (const { name } of variables) expect(known).toContain(name);
  expect(variables.filter(({ isSecret }) => isSecret).map(({ name }) => name)).toEqual(['SYNQLY_TOKEN']);
});

test('each default is one that the setting can read', () => {
  for (const { variable, field } of formVariables) {
    const setting = Object.values(settings).find(({ env }) => env === variable);
    if (field.default !== undefined) expect(setting?.parse(String(field.default))).toBe(field.default);
  }
});

test('a bundle is listed with its address and hash', () => {
  expect(registryEntry(file, bundle).packages[1]).toMatchObject({
    registryType: 'mcpb',
    identifier: expect.stringMatching(/\/releases\/download\/v\d+\.\d+\.\d+\/synqly-mcp\.mcpb$/),
    fileSha256: bundle.sha256,
  });
});
