import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokensOf, tokensOfJson } from '../../src/cli/token-cost/tokens.ts';
import { startSandbox } from '../../src/sandbox/start.ts';
import { type Program, startProgram } from './support.ts';
import { type TestSurface, testSurfaces } from './surfaces.ts';

type Args = Record<string, unknown>;
// biome-ignore lint/suspicious/noExplicitAny: answers are read by the jobs, not programmed against
type Json = any;
type Call = (operation: string, args?: Args) => Promise<Json>;

/** What an administrator asks for, and the calls by which a careful model does it. */
interface Job {
  readonly words: string;
  /** Makes the calls; whether the job is done. */
  readonly run: (call: Call) => Promise<boolean>;
  /** Calls at most. */
  readonly calls: number;
}

const customer = 'aldermere-logistics';
const trials = Array.from({ length: 13 }, (_, at) => `trial-${String(at + 1).padStart(2, '0')}`);

/** Each row of a table as an object. */
function rowsOf({ columns = [], rows = [], same = {} }: Json): Json[] {
  return rows.map((row: unknown[]) => ({
    ...same,
    ...Object.fromEntries(columns.map((name: string, at: number) => [name, row[at]])),
  }));
}

/** Makes a call, and confirms it as the person would. */
async function confirmed(call: Call, operation: string, args: Args): Promise<Json> {
  const asked = await call(operation, args);
  const { id } = asked.error?.confirmation ?? {};
  return id === undefined ? asked : call('confirm_call', { id });
}

const jobs: readonly Job[] = [
  {
    words: 'which connections are broken, and why',
    calls: 1,
    run: async (call) => {
      const rows = rowsOf(await call('diagnose_integrations'));
      return rows.length > 3 && rows.every(({ since, error }) => since && error);
    },
  },
  {
    words: 'off-board a customer',
    calls: 4,
    run: async (call) => {
      const account = { account_id: 'leaving' };
      await call('account_overview', account);
      await call('preview_call', { tool: 'accounts_delete', arguments: account });
      const deleted = await confirmed(call, 'accounts_delete', account);
      return deleted.done === true || deleted.deleted !== undefined;
    },
  },
  {
    words: 'who removed a label',
    calls: 1,
    run: async (call) => {
      const rows = rowsOf(await call('who_changed', { type: 'account', object: 'labelled' }));
      return rows.some(({ changes }) => changes === 'labels: ["gold"] → []');
    },
  },
  {
    words: 'add a member',
    calls: 1,
    run: async (call) => {
      const member = {
        name: 'kim@kestrelmoor.example',
        fullname: 'Kim Doe',
        role_binding: ['viewer'],
        secret: '${generate:password}',
      };
      const { result, generated_secrets } = await call('members_create', member);
      const [{ file }] = generated_secrets;
      // The person gets the first password from the file.
      return result.member.name === member.name && readFileSync(file, 'utf8').length === 24;
    },
  },
  {
    words: 'a clean-up of thirteen',
    calls: 2,
    run: async (call) => {
      const list = await call('accounts_list', { filter: ['name[like]trial-%'], fields: ['name'] });
      const names = rowsOf(list).map(({ name }) => name);
      const calls = names.map((account_id) => ({ operation: 'accounts_delete', arguments: { account_id } }));
      const preview = await call('preview_call', { calls });
      return names.length === trials.length && preview.error === undefined;
    },
  },
  {
    words: "a contractor's token",
    calls: 1,
    run: async (call) => {
      const resources = { accounts: { ids: [customer] } };
      const token = { name: 'contractor', permission_set: 'viewer', resources, token_ttl: '8h' };
      return (await call('tokens_create_token', token)).result?.name === 'contractor';
    },
  },
  {
    words: 'compare traffic',
    calls: 1,
    run: async (call) => {
      const report = await call('usage_report', { account_id: customer });
      return rowsOf(report).length > 1 && rowsOf(report).every(({ requests_before }) => requests_before > 0);
    },
  },
  {
    words: 'rotate a token',
    calls: 2,
    run: async (call) => {
      const list = await call('tokens_list', { filter: ['name[eq]rotated'], fields: ['id', 'owner_id'] });
      const { id, owner_id } = { ...list.same, ...rowsOf(list)[0] };
      return (await confirmed(call, 'tokens_rotate', { owner_id, refresh_token_id: id })).result?.id === id;
    },
  },
];

interface Cost {
  readonly words: string;
  readonly calls: number;
  /** Of all calls and their results. */
  readonly tokens: number;
  readonly isDone: boolean;
}

/** Runs the jobs on a surface, in a sandbox of its own. */
async function measure(surface: TestSurface): Promise<Cost[]> {
  const sandbox = await startSandbox({ seed: 1, clock: () => Date.parse('2026-08-31T12:00:00Z') });
  const directory = mkdtempSync(join(tmpdir(), 'jobs-'));
  const args = ['--base-url', sandbox.baseUrl, '--log-level', 'silent', ...surface.flags];
  const env = { SYNQLY_TOKEN: sandbox.token, SYNQLY_PERMISSIONS: 'ignore' };
  const program = await startProgram([...args, '--secret-dir', directory], env);
  try {
    await prepare(program, surface);
    const costs: Cost[] = [];
    for (const { words, run } of jobs) {
      let [calls, tokens] = [0, 0];
      const isDone = await run(async (operation, given) => {
        const answer = await callWith(program, surface, operation, given);
        calls += 1;
        tokens += answer.tokens;
        return answer.json;
      });
      costs.push({ words, calls, tokens, isDone });
    }
    return costs;
  } finally {
    await program.close();
    await sandbox.close();
    rmSync(directory, { recursive: true });
  }
}

async function callWith({ client }: Program, surface: TestSurface, operation: string, args: Args = {}) {
  const [name, given] = surface.toolCall(operation, args);
  const request = { name, arguments: given };
  const { content } = await client.callTool(request);
  const [{ text = '' } = {}] = content as { text: string }[];
  return { tokens: tokensOfJson(request) + tokensOf(text), json: JSON.parse(text) as Json };
}

/** The objects that the jobs are about, beside those of the sandbox. */
async function prepare(program: Program, surface: TestSurface): Promise<void> {
  const steps: [string, Args][] = [
    ...trials.map((name): [string, Args] => ['accounts_create', { name, environment: 'test' }]),
    ['accounts_create', { name: 'leaving' }],
    ['accounts_create', { name: 'labelled', labels: ['gold'] }],
    ['accounts_patch', { account_id: 'labelled', patch: [{ op: 'remove', path: '/labels/0' }] }],
    ['tokens_create_token', { name: 'rotated', permission_set: 'viewer', resources: {} }],
  ];
  for (const [operation, args] of steps) {
    const { json } = await callWith(program, surface, operation, args);
    expect(json.error, operation).toBeUndefined();
  }
}

const costs = new Map<string, Cost[]>();
beforeAll(async () => {
  for (const [name, surface] of Object.entries(testSurfaces)) costs.set(name, await measure(surface));
  printCosts();
}, 120_000);
afterAll(() => costs.clear());

function printCosts(): void {
  const line = (words: string, cells: (string | number)[]) =>
    words.padEnd(40) + cells.map((cell) => `${cell}`.padStart(15)).join('');
  const headings = [...costs.keys()].flatMap((name) => [`${name} calls`, `${name} tokens`]);
  const lines = jobs.map(({ words }, at) =>
    line(
      words,
      [...costs.values()].flatMap((list) => [list[at]?.calls ?? 0, list[at]?.tokens ?? 0]),
    ),
  );
  console.log([line('', headings), ...lines].join('\n'));
}

describe.each(Object.keys(testSurfaces))('eight everyday jobs on the %s surface', (name) => {
  test.each(jobs.map((job, at) => [job.words, job, at] as const))('%s', (_, job, at) => {
    const cost = costs.get(name)?.[at];
    expect(cost).toMatchObject({ words: job.words, isDone: true });
    expect(cost?.calls).toBeLessThanOrEqual(job.calls);
  });
});
