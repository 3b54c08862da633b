import { readFileSync, writeFileSync } from 'node:fs';
import type { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { largeDocument } from '../e2e/large-document.ts';
import { denseText, oddText, wordyText } from '../e2e/large-objects.ts';
import { type LargeSynqly, startLargeSynqly } from '../e2e/large-synqly.ts';
import { canary, factSheet, startProgram } from '../e2e/support.ts';

/*
 * The most that a process had at any time is what Linux calls VmHWM; writing 5 to clear_refs sets it to what the process
 * has now (proc(5)). Elsewhere there is no such figure that can be set back.
 */
const isLinux = process.platform === 'linux';

/** Later releases let several calls pass before they give memory back, however often they are told to. */
const collectsAtOnce = process.versions.node.startsWith('20.');

const megabyte = 1024 * 1024;
const size = 10 * megabyte;
/** How many megabytes the process may grow by. */
const most = 50;

function rowsOf(length: number) {
  const rows: Record<string, unknown>[] = [];
  for (let left = length; left > 0; left -= 1_000) {
    const at = rows.length;
    const filters = Array.from({ length: 12 }, (_, one) => ({
      field: `field_${one}`,
      value: `value ${one} of ${at}`,
    }));
    const name = `integration-${String(at).padStart(6, '0')}`;
    rows.push({
      id: `id-${at}`,
      name,
      account_id: `a-${at % 50}`,
      provider_config: { type: 'siem_x', filters },
    });
  }
  return rows;
}
const fat = (length: number) =>
  Array.from({ length: 100 }, (_, at) => ({
    id: `id-${at}`,
    name: `name-${at + 100}`,
    notes: wordyText(length / 100),
  }));
const tenfold = (rows: ReturnType<typeof fat>) =>
  Array.from({ length: 10 }, (_, page) =>
    rows.map((row) => ({ ...row, name: `page-${page}-${row.name}` })),
  ).flat();
const result = (value: unknown) => JSON.stringify({ result: value });
const mapping = (data: string) => result({ id: 'm', name: 'm', data });

/** What is asked, of an answer of 10 MB and of a like one that is small. */
const kinds = [
  ['a list of many rows', 'permissionset_list', {}, result(rowsOf(size)), result(rowsOf(1.5 * megabyte))],
  // A hundred megabytes, if all pages were read.
  ['the first of many long rows', 'accounts_list', { limit: 1_000 }, tenfold(fat(size)), fat(1.5 * megabyte)],
  ['a list of long rows', 'accounts_list', {}, result(fat(size)), result(fat(1.5 * megabyte))],
  [
    'a list of long rows, all fields',
    'accounts_list',
    { fields: ['*'] },
    result(fat(size)),
    result(fat(1.5 * megabyte)),
  ],
  [
    'an OpenAPI document',
    'meta_engineOpenapiSpec',
    {},
    JSON.stringify(largeDocument()),
    JSON.stringify(factSheet),
  ],
  [
    'its schema',
    'meta_engineOpenapiSpec',
    { schema: 'Thing42' },
    JSON.stringify(largeDocument()),
    JSON.stringify(factSheet),
  ],
  [
    'a search in it',
    'meta_engineOpenapiSpec',
    { search: 'things 42' },
    JSON.stringify(largeDocument()),
    JSON.stringify(factSheet),
  ],
  [
    'one object with a long key',
    'mappings_get',
    { mapping_id: 'm' },
    mapping(denseText(size)),
    mapping(denseText(1.5 * megabyte)),
  ],
  [
    'one object with a long text',
    'mappings_get',
    { mapping_id: 'm' },
    mapping(wordyText(size)),
    mapping(wordyText(1.5 * megabyte)),
  ],
  // V8 takes two bytes for each character of a text that has one beyond Latin-1.
  [
    'one object with a long text of emoji',
    'mappings_get',
    { mapping_id: 'm' },
    mapping(oddText(size / 2)),
    mapping(oddText(megabyte)),
  ],
] as const;

const contents: Record<string, unknown> = {};
let synqly: LargeSynqly;
beforeAll(async () => {
  synqly = await startLargeSynqly(contents);
});
afterAll(() => synqly.close());

test.skipIf(!isLinux).each(kinds)(
  'for 10 MB, %s, the process grows by little, however often it is asked for',
  async (_, tool, args, large, small) => {
    const program = await startProgram(['--base-url', synqly.url, '--log-level', 'silent'], {
      SYNQLY_TOKEN: canary,
    });
    const { pid } = program.client.transport as StdioClientTransport;
    const answerWith = (body: unknown) => {
      for (const path of ['permissionsets', 'accounts', 'meta/openapi/engine', 'mappings/m'])
        contents[`/v1/${path}`] = body;
    };
    answerWith(small);
    for (let call = 0; call < 4; call += 1) await program.call(tool, args);
    answerWith(large);
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    const before = megabytesOf(pid, 'VmRSS');
    const grown: number[] = [];
    for (let call = 0; call < 3; call += 1) {
      const { isError, text } = await program.call(tool, args);
      expect(isError).toBe(false);
      expect(encode(text).length).toBeLessThanOrEqual(10_000);
      grown.push(megabytesOf(pid, 'VmHWM') - before);
    }
    await program.close();
    console.log(`${_}: ${grown.map((one) => one.toFixed(0)).join(', ')} MB beyond ${before.toFixed(0)} MB`);
    expect(grown.at(collectsAtOnce ? -1 : 0)).toBeLessThanOrEqual(most);
  },
  60_000,
);

function megabytesOf(pid: number | null, figure: 'VmRSS' | 'VmHWM'): number {
  const [, kilobytes] =
    new RegExp(`${figure}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
