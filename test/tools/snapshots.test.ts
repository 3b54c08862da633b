import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dispatcherTools } from '../../src/surfaces/compact/definitions.ts';
import { builtinTools } from '../../src/tools/builtin/index.ts';
import { catalogue } from '../../src/tools/catalogue.ts';
import { toTool } from '../../src/tools/tool.ts';
import { workflows } from '../../src/tools/workflows/index.ts';

const folder = new URL('./snapshots/', import.meta.url);
// Read before the tests run, which write a missing file outside of CI.
const present = existsSync(folder) ? readdirSync(folder) : [];

const tools = [...catalogue, ...workflows, ...builtinTools, ...dispatcherTools];

test.each(tools)('$id is published as its snapshot says', async (operation) => {
  const { name, title, description, annotations, inputSchema, _meta } = toTool(operation);
  const tool = { name, title, description, annotations, inputSchema, _meta };
  await expect(`${JSON.stringify(tool, null, 2)}\n`).toMatchFileSnapshot(`./snapshots/${operation.id}.json`);
});

test('there is a snapshot for every tool and none besides', () => {
  expect([...present].sort()).toEqual(tools.map(({ id }) => `${id}.json`).sort());
});
