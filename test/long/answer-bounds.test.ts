import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeSynqly, startFakeSynqly } from '../e2e/fake-synqly.ts';
import { type Program, startProgram } from '../e2e/support.ts';
import { within } from '../e2e/within.ts';

let text = '';
let synqly: FakeSynqly;
beforeAll(async () => {
  synqly = await startFakeSynqly(() => ({ text }));
});
afterAll(() => synqly.close());

const megabyte = 1024 * 1024;
const filled = (unit: string) => unit.repeat((10 * megabyte) / unit.length);
const several = (count: number, make: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => make(at)).join(',');

/** Short texts whose values would take far more room than they do. */
const heavy: Record<string, () => string> = {
  '550,000 levels': () => `{"result":${'['.repeat(550_000)}${']'.repeat(550_000)}}`,
  '10 MB of empty lists': () => `{"result":[${filled('[],')}0]}`,
  '10 MB of empty objects beside an id': () => `{"result":{"id":"a1","name":"acme","x":[${filled('{},')}0]}}`,
  '800,000 keys': () => `{"result":{${several(800_000, (at) => `"k${at.toString(36)}":0`)}}}`,
  '10 MB of lists that hold lists': () => `{"result":[${filled('[[0],[1]],')}0]}`,
};

const patch = [{ op: 'add', path: '/labels', value: ['a'] }];
/** Answers that are read where they are looked at, and those that are parsed whole. */
const calls: [string, Record<string, unknown>][] = [
  ['accounts_get', { account_id: 'a1' }],
  ['accounts_list', {}],
  ['accounts_create', { name: 'x' }],
  ['accounts_patch', { account_id: 'a1', patch }],
];

async function start(): Promise<Program> {
  const args = ['--base-url', synqly.url, '--confirm', 'never', '--timeout', '20'];
  const program = await startProgram(args, { SYNQLY_TOKEN: 'token', SYNQLY_PERMISSIONS: 'ignore' });
  text = '{"result":{"id":"a1","name":"acme"}}';
  await program.call('accounts_get', { account_id: 'a1' });
  return program;
}

/** Bytes of memory that a program has had at most. */
function peakOf(program: Program): number {
  // The type of a transport does not tell of the process.
  const { pid } = program.client.transport as unknown as { pid: number };
  const [, kilobytes = ''] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return 1024 * Number(kilobytes);
}

describe.each(Object.entries(heavy))('an answer of %s', (_, make) => {
  test('is refused as invalid, and takes little memory', { timeout: 60_000 }, async () => {
    const program = await start();
    try {
      const before = existsSync('/proc/self/status') ? peakOf(program) : undefined;
      text = make();
      for (const [tool, args] of calls) {
        const { json } = await within(program, program.call(tool, args));
        expect([tool, json.error?.code]).toEqual([tool, 'invalid_response']);
        expect(json.error.message).toMatch(/holds too many values|nested too deep/);
      }
      if (before !== undefined) expect(peakOf(program) - before).toBeLessThan(100 * megabyte);
    } finally {
      await program.close();
    }
  });
});

test('a large answer within the limits is read', { timeout: 60_000 }, async () => {
  const program = await start();
  try {
    text = `{"result":[${several(40_000, (at) => `{"id":"${at}","name":"n${at}","labels":["a","b"]}`)}]}`;
    const list = await within(program, program.call('accounts_list', { fields: ['name'] }));
    expect(list.json.rows).toHaveLength(100);
    text = `{"result":{"id":"a1","name":"acme","x":{${several(90_000, (at) => `"k${at}":0`)}}}}`;
    const part = { tool: 'accounts_get', arguments: { account_id: 'a1' }, cursor: 'result/x/k89999' };
    expect((await within(program, program.call('read_more', part))).json.value).toBe(0);
    expect((await within(program, program.call('accounts_create', { name: 'x' }))).isError).toBe(false);
  } finally {
    await program.close();
  }
});
