import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { budgets } from '../../src/cli/token-cost/budgets.ts';
import { costOfTool } from '../../src/cli/token-cost/measure.ts';
import { tokensOf, tokensOfJson } from '../../src/cli/token-cost/tokens.ts';
import { startSandbox } from '../../src/sandbox/start.ts';
import { dispatcherFor } from '../../src/surfaces/compact/definitions.ts';
import { findOperation } from '../../src/tools/catalogue.ts';
import type { Tool } from '../../src/tools/tool.ts';
import { type Program, startProgram } from './support.ts';

type Args = Record<string, unknown>;
// biome-ignore lint/suspicious/noExplicitAny: answers are read by the tasks, not programmed against
type Json = any;
type Step = readonly [operation: string, args?: Args];

interface Task {
  /** As people say it; also what a careful model looks for first. */
  readonly words: string;
  /** The operation that a model looks up. */
  readonly operation: string;
  /** What a sensible model calls, one after the other, each told from the answer before. */
  readonly steps: readonly (Step | ((before: Json) => Step))[];
  /** Whether the last answer is what was asked for. */
  readonly isDone: (answer: Json) => boolean;
}

const splunk = { account_id: 'aldermere-logistics', integration_id: 'siem-splunk' };
const secret = '${env:SYNQLY_SECRET_FIRST}';
const confirm = (before: Json): Step => ['confirm_call', { id: before.error.confirmation.id }];

const tasks: readonly Task[] = [
  {
    words: 'list our customers',
    operation: 'accounts_list',
    steps: [['accounts_list']],
    isDone: ({ rows }) => rows.length === 12,
  },
  {
    words: "why is aldermere's splunk integration failing",
    operation: 'status_list_events',
    steps: [
      ['integrations_list_account', { account_id: splunk.account_id }],
      ['status_list_events', { ...splunk, order: ['created_at[desc]'], limit: 3 }],
    ],
    isDone: ({ same }) => same.error.includes('401'),
  },
  {
    words: 'make a test account for Globex',
    operation: 'accounts_create',
    steps: [['accounts_create', { name: 'globex', fullname: 'Globex', environment: 'test' }]],
    isDone: ({ result }) => result.account.environment === 'test',
  },
  {
    words: 'revoke the token of the status dashboard',
    operation: 'tokens_delete',
    steps: [
      // The name of the argument is a guess that an error corrects.
      ['tokens_delete', { token_id: 'status-dashboard' }],
      ['tokens_delete', { refresh_token_id: 'status-dashboard' }],
      confirm,
    ],
    isDone: ({ done }) => done === true,
  },
  {
    words: 'rename the account marrowby-foods to Marrowby Fine Foods',
    operation: 'accounts_update',
    steps: [['accounts_update', { account_id: 'marrowby-foods', fullname: 'Marrowby Fine Foods' }]],
    isDone: ({ result }) => result.fullname === 'Marrowby Fine Foods',
  },
  {
    words: 'who changed the webhooks yesterday',
    operation: 'audit_list',
    steps: [['audit_list', { filter: ['path[like]%webhooks%', 'created_at[gte]2026-08-31T00:00:00Z'] }]],
    isDone: ({ rows }) => rows.length === 1,
  },
  {
    words: 'which providers do we have for EDR',
    operation: 'capabilities_list_providers',
    steps: [['capabilities_list_providers', { search: 'edr' }]],
    isDone: ({ rows }) => rows.some(([id]: Json) => id === 'edr_sentinelone'),
  },
  {
    words: 'is anything broken',
    operation: 'status_list',
    steps: [['status_list', { filter: ['status[eq]error'] }]],
    isDone: ({ rows }) => rows.length > 3,
  },
  {
    words: 'invite kim as a member',
    operation: 'members_create',
    steps: [
      // A password is needed, which an error tells.
      ['members_create', { name: 'kim@kestrelmoor.example', fullname: 'Kim Doe' }],
      ['members_create', { name: 'kim@kestrelmoor.example', fullname: 'Kim Doe', secret }],
    ],
    isDone: ({ result }) => result.member.fullname === 'Kim Doe',
  },
  {
    words: 'connect Splunk for Marrowby',
    operation: 'integrations_create',
    steps: [
      ['capabilities_get_provider', { provider_id: 'siem_splunk', expand: ['provider_config'] }],
      [
        'integrations_create',
        {
          account_id: 'marrowby-foods',
          name: 'splunk',
          provider_config: {
            type: 'siem_splunk',
            search_service_url: 'https://splunk.marrowby.example',
            search_service_credential: { type: 'token', secret },
          },
        },
      ],
    ],
    isDone: ({ result }) => result.integration.name === 'splunk',
  },
];

/** A tool call and its answer, in tokens. */
interface Exchange {
  readonly tokens: number;
  readonly isError: boolean;
  readonly json: Json;
}

interface Cost {
  readonly words: string;
  readonly operation: string;
  /** What looking up the operation costs, and what it finds. */
  readonly lookedUp: Exchange;
  /** Up to the first call that succeeds; every call before it is counted too. */
  readonly first: number;
  /** Up to the answer. */
  readonly whole: number;
  readonly isDone: boolean;
}

let costs: Cost[];
let program: Program;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;

/** What a model has before it calls anything: as it reads the list, and as the list is sent. */
let start: { readonly read: number; readonly sent: number };

beforeAll(async () => {
  let now = Date.parse('2026-08-31T12:00:00Z');
  sandbox = await startSandbox({ seed: 1, clock: () => now });
  const args = ['--surface', 'compact', '--base-url', sandbox.baseUrl, '--log-level', 'silent'];
  const env = { SYNQLY_TOKEN: sandbox.token, SYNQLY_SECRET_FIRST: 'correct-horse-battery' };
  program = await startProgram(args, env);
  await run('organizationWebhooks_create', {
    name: 'paging',
    environment: 'prod',
    filters: ['account_delete'],
    url: 'https://hooks.kestrelmoor.example/paging',
    secret: { value: secret },
  });
  now += 24 * 3600_000;
  costs = [];
  for (const task of tasks) costs.push(await measure(task));
  // The SDK's type of a schema is wider than ours.
  const tools = (await program.client.listTools()).tools as unknown as Tool[];
  const said = tokensOf(program.client.getInstructions() ?? '');
  start = {
    read: said + tools.reduce((sum, tool) => sum + costOfTool(tool), 0),
    sent: said + tokensOfJson(tools),
  };
  tell();
});
afterAll(async () => {
  await program.close();
  await sandbox.close();
});

async function call(name: string, args: Args): Promise<Exchange> {
  const request = { name, arguments: args };
  const { content, isError } = await program.client.callTool(request);
  const [{ text }] = content as [{ text: string }];
  const tokens = tokensOfJson(request) + tokensOf(text);
  return { tokens, isError: isError === true, json: JSON.parse(text) };
}

function run(name: string, args: Args | undefined): Promise<Exchange> {
  const operation = findOperation(name);
  if (!operation) return call(name, args ?? {});
  return call(dispatcherFor(operation.effect).id, { operation: name, ...(args && { arguments: args }) });
}

async function measure({ words, operation, steps, isDone }: Task): Promise<Cost> {
  const lookedUp = await call('find_operations', { query: words });
  const exchanges: Exchange[] = [];
  for (const step of steps) {
    const [name, args] = typeof step === 'function' ? step(exchanges.at(-1)?.json) : step;
    exchanges.push(await run(name, args));
  }
  const sum = (some: readonly Exchange[]) => some.reduce((all, { tokens }) => all + tokens, 0);
  const success = exchanges.findIndex(({ isError }) => !isError);
  return {
    words,
    operation,
    lookedUp,
    first: success === -1 ? Number.POSITIVE_INFINITY : sum(exchanges.slice(0, success + 1)),
    whole: sum(exchanges),
    isDone: isDone(exchanges.at(-1)?.json),
  };
}

function tell(): void {
  const cells = (...some: (string | number)[]) =>
    some.map((cell, index) => (index === 0 ? `${cell}`.padEnd(58) : `${cell}`.padStart(11))).join('');
  const lines = costs.map(({ words, lookedUp: { tokens }, first, whole }) =>
    cells(words, tokens, first, tokens + first, tokens + whole, start.read + first, start.sent + first),
  );
  console.log(
    [
      `Start: ${start.read} tokens as a model reads the list, ${start.sent} as it is sent, instructions included.`,
      cells('', 'look up', 'first', 'both', 'to the end', 'start+first', 'as sent'),
      ...lines,
    ].join('\n'),
  );
}

describe('ten everyday tasks on the compact surface', () => {
  test('can be done by the calls that a model would make', () => {
    expect(costs).toHaveLength(10);
    expect(costs.filter(({ isDone }) => !isDone).map(({ words }) => words)).toEqual([]);
  });

  test('find the schema of their operation with the words of the person', () => {
    const lost = costs.filter(
      ({ operation, lookedUp }) =>
        !lookedUp.json.operations.some((one: Json) => one.id === operation && one.arguments !== undefined),
    );
    expect(
      lost.map(({ words, lookedUp }) => [words, lookedUp.json.operations.map((one: Json) => one.id)]),
    ).toEqual([]);
  });

  test('cost at most 1,500 tokens each to the first call that succeeds, the schema looked up first', () => {
    const over = costs.filter(({ lookedUp, first }) => lookedUp.tokens + first > budgets.task);
    expect(over.map(({ words }) => words)).toEqual([]);
  });

  test('cost at most 1,500 tokens with all that a model has read before, where nothing is looked up', () => {
    const over = costs.filter(({ first }) => start.read + first > budgets.task);
    expect(over.map(({ operation }) => operation)).toEqual([]);
  });

  test('cost no more tokens than the snapshot says', () => {
    const dearest = Math.max(...costs.map(({ whole }) => start.sent + whole));
    expect(dearest).toBeLessThanOrEqual(2_600);
  });
});
