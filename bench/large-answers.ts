import { readFileSync, writeFileSync } from 'node:fs';
import type { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { largeDocument } from '../test/e2e/large-document.ts';
import { denseText, oddText, wordyText } from '../test/e2e/large-objects.ts';
import { startLargeSynqly } from '../test/e2e/large-synqly.ts';
import { canary, factSheet, startProgram } from '../test/e2e/support.ts';

/*
 * The most that a process had at any time is what Linux calls VmHWM; writing 5 to clear_refs sets it to what the process
 * has now (proc(5)). Elsewhere there is no such figure that can be set back.
 */
export const canMeasure = process.platform === 'linux';

const megabyte = 1024 * 1024;
const size = 10 * megabyte;

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
export const answerKinds = [
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

export interface Growth {
  /** Megabytes that the process had before. */
  readonly before: number;
  /** Megabytes by which it has grown at most, after each call for the answer of 10 MB. */
  readonly grown: readonly number[];
  /** Texts of the results. */
  readonly texts: readonly string[];
}

/** Starts the built program, asks for small answers first, and then three times for the large one. */
export async function measureGrowth([
  ,
  tool,
  args,
  large,
  small,
]: (typeof answerKinds)[number]): Promise<Growth> {
  const contents: Record<string, unknown> = {};
  const synqly = await startLargeSynqly(contents);
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
  const texts: string[] = [];
  for (let call = 0; call < 3; call += 1) {
    const { isError, text } = await program.call(tool, args);
    if (isError) throw new Error(text);
    texts.push(text);
    grown.push(megabytesOf(pid, 'VmHWM') - before);
  }
  await program.close();
  synqly.close();
  return { before, grown, texts };
}

function megabytesOf(pid: number | null, figure: 'VmRSS' | 'VmHWM'): number {
  const [, kilobytes] =
    new RegExp(`${figure}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
