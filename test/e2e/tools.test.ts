import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { factOperations, helperNames, type Program, startProgram } from './support.ts';

let program: Program;
beforeAll(async () => {
  program = await startProgram(['--sandbox']);
});
afterAll(() => program.close());

test('every operation of the API is a tool of the same name', async () => {
  const { tools } = await program.client.listTools();
  const names = tools.map(({ name }) => name).filter((name) => !helperNames.includes(name));
  expect(names.sort()).toEqual(factOperations.map(({ id }) => id).sort());
  expect(names).toHaveLength(96);
});

test('the built-in tools are listed after the operations', async () => {
  const { tools } = await program.client.listTools();
  expect(tools.slice(96).map(({ name }) => name)).toEqual(helperNames);
});

test('every tool has a title, a description, a strict input schema and all four hints', async () => {
  const { tools } = await program.client.listTools();
  for (const tool of tools) {
    expect(tool.title, tool.name).toBeTruthy();
    expect(tool.description, tool.name).toBeTruthy();
    expect(tool.inputSchema, tool.name).toMatchObject({ type: 'object', additionalProperties: false });
    expect(Object.keys(tool.annotations ?? {}).sort(), tool.name).toEqual([
      'destructiveHint',
      'idempotentHint',
      'openWorldHint',
      'readOnlyHint',
    ]);
  }
});

test('what is listed is what the snapshots show', async () => {
  const { tools } = await program.client.listTools();
  for (const tool of tools) {
    const snapshot = readFileSync(new URL(`../tools/snapshots/${tool.name}.json`, import.meta.url), 'utf8');
    const expected = JSON.parse(snapshot);
    // Published with --output-dir only.
    delete expected.inputSchema.properties.save_as;
    expect(expected, tool.name).toEqual(tool);
  }
});

test('the sandbox says in title and instructions that its data is invented', async () => {
  expect(program.client.getServerVersion()).toMatchObject({
    name: 'synqly-mcp',
    title: expect.stringMatching(/sandbox/i),
  });
  expect(program.client.getInstructions()).toMatch(/sandbox/i);
});

test('clients can show a description, a website and an icon of the server', () => {
  const shown = program.client.getServerVersion();
  expect(shown).toMatchObject({
    description: expect.stringMatching(/Synqly.*Management API/),
    websiteUrl: expect.stringMatching(/^https:/),
    icons: [
      { mimeType: 'image/png', sizes: ['48x48'], src: expect.stringMatching(/^data:image\/png;base64,/) },
    ],
  });
  const icon = Buffer.from(shown?.icons?.[0]?.src.split(',')[1] ?? '', 'base64');
  // It is part of every start.
  expect(icon.length).toBeLessThan(1500);
  expect(icon).toEqual(readFileSync(new URL('../../assets/icon.png', import.meta.url)));
  expect(icon.subarray(1, 4).toString()).toBe('PNG');
  expect([icon.readUInt32BE(16), icon.readUInt32BE(20)]).toEqual([48, 48]);
});

test('an unknown tool is a protocol error', async () => {
  await expect(program.client.callTool({ name: 'accounts_explode' })).rejects.toMatchObject({ code: -32602 });
});

test('the embedded sandbox answers calls', async () => {
  const { json, isError } = await program.call('accounts_list', { limit: 2 });
  expect(isError).toBe(false);
  expect(json.result).toHaveLength(2);
});

test('only what the server has is announced', () => {
  expect(Object.keys(program.client.getServerCapabilities() ?? {}).sort()).toEqual([
    'completions',
    'prompts',
    'resources',
    'tools',
  ]);
});
