import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ground, prepareGround } from '../e2e/destroys.ts';
import { startHttpProgram } from '../e2e/http-support.ts';
import { type Person, type Program, startProgram } from '../e2e/support.ts';
import { testSurfaces } from '../e2e/surfaces.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
type Answer = any;

let ground: Ground;
let folder: string;
beforeAll(async () => {
  ground = await prepareGround();
  folder = mkdtempSync(join(tmpdir(), 'call-lists-'));
}, 30_000);
afterAll(async () => {
  await ground.close();
  rmSync(folder, { recursive: true });
});

let made = 0;
/** New accounts, by name. */
async function accounts(count: number, addition = ''): Promise<string[]> {
  const names = Array.from({ length: count }, () => `listed-${++made}`);
  for (const name of names)
    await ground.make('accounts_create', { name, fullname: `Test ${name}${addition}` });
  return names;
}
const exists = (name: string) =>
  ground.sandbox.state.collections.account.all().some((one) => one.name === name);
const change = (account_id: string) =>
  ground.make('accounts_patch', {
    account_id,
    patch: [{ op: 'replace', path: '/fullname', value: 'Changed' }],
  });
const remove = (account_id: string) => ({ operation: 'accounts_delete', arguments: { account_id } });
const deletes = (work: () => Promise<unknown>) => ground.sendsOf('accounts_delete', work);

/** The rows of a table, each with the names of its columns. */
const rowsOf = (table: Answer): Answer[] =>
  table.rows.map((row: unknown[]) => ({
    ...table.same,
    ...Object.fromEntries(row.map((cell, index) => [table.columns[index], cell])),
  }));

/** The deletes of accounts in an audit log that ended, each with its outcome. */
const audited = (file: string, operation = 'accounts_delete'): Answer[] =>
  (existsSync(file) ? readFileSync(file, 'utf8') : '')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(
      (entry) => entry.operation === operation && entry.outcome !== undefined && entry.outcome !== 'started',
    );

const env = () => ({ SYNQLY_TOKEN: ground.sandbox.token, SYNQLY_PERMISSIONS: 'ignore' });
let opened = 0;
async function open(flags: string[], person?: Person): Promise<Program & { readonly log: string }> {
  const log = join(folder, `audit-${++opened}.log`);
  const args = ['--base-url', ground.sandbox.baseUrl, '--audit-log', log, ...flags];
  return { ...(await startProgram(args, env(), person)), log };
}

const toolOf = { full: 'confirm_calls', compact: 'run_destroy' };

describe.each(['full', 'compact'] as const)('on the %s surface', (surface) => {
  const { flags } = testSurfaces[surface];
  const tool = toolOf[surface];

  describe('a form confirms all', () => {
    let answer: Person;
    let program: Awaited<ReturnType<typeof open>>;
    const questions: string[] = [];
    beforeAll(async () => {
      program = await open(flags, (question) => {
        questions.push(question.message);
        return answer(question);
      });
    });
    afterAll(() => program.close());
    const run = (calls: unknown[]) => program.call(tool, { calls });

    test('once, and a call whose object changed meanwhile stops the rest', async () => {
      const names = await accounts(5);
      const before = audited(program.log).length;
      questions.length = 0;
      answer = async ({ requestedSchema }) => {
        expect(Object.keys(requestedSchema.properties)).toEqual(['name']);
        await change(names[3] as string);
        return { action: 'accept', content: { name: `5 ${names[4]}` } };
      };
      let json: Answer;
      const sent = await deletes(async () => {
        const result = await run(names.map(remove));
        json = result.json;
        expect(result.isError).toBe(true);
      });
      expect(sent).toBe(3);
      expect(questions).toHaveLength(1);
      for (const name of names) expect(questions[0]).toContain(JSON.stringify(name));
      expect(names.map(exists)).toEqual([false, false, false, true, true]);
      expect([json.done, json.of, json.stopped.call, json.stopped.error.code]).toEqual([
        3,
        5,
        3,
        'object_changed',
      ]);
      expect(rowsOf(json.not_done).map(({ target }) => target)).toEqual(names.slice(3));
      expect(rowsOf(json.calls).map(({ target, fullname }) => [target, fullname])).toEqual(
        names.slice(0, 3).map((name) => [name, `Test ${name}`]),
      );
      const lines = audited(program.log).slice(before);
      expect(
        lines.map(({ outcome, targets, confirmed_by }) => [outcome, targets.account_id, confirmed_by]),
      ).toEqual([
        ...names.slice(0, 3).map((name) => ['ok', name, 'person']),
        ['object_changed', names[3], 'person'],
      ]);
    });

    test('only if the number and the name of the last are typed', async () => {
      const names = await accounts(3);
      const [first, , last] = names;
      const wrong = [
        { name: last },
        { name: `2 ${last}` },
        { name: `3 ${first}` },
        { name: '3' },
        { name: '3 ' },
        { name: 'delete 3' },
        { name: `33 ${last}` },
        { name: `3${last}` },
        { name: '' },
        { confirm: true },
        {},
      ];
      const sent = await deletes(async () => {
        for (const content of wrong) {
          // Not every form answer has the type of one.
          answer = async () => ({ action: 'accept', content: content as never });
          expect((await run(names.map(remove))).json.error?.code, JSON.stringify(content)).toBe(
            'confirmation_declined',
          );
        }
        for (const action of ['decline', 'cancel', 'yes'] as never[]) {
          answer = async () => ({ action, content: { name: `3 ${last}` } });
          expect((await run(names.map(remove))).json.error?.code).toBe('confirmation_declined');
        }
      });
      expect(sent).toBe(0);
      answer = async () => ({ action: 'accept', content: { name: ` "3  ${last?.toUpperCase()}" ` } });
      expect((await run(names.map(remove))).json).toMatchObject({ done: 3, of: 3 });
      expect(names.map(exists)).toEqual([false, false, false]);
    });

    test('with a yes where no single call needs a name, and with a name if one of them does', async () => {
      const name = `mixed-${surface}`;
      await ground.make('mappings_create', { name, data: '{}' });
      await ground.make('roles_create', {
        name,
        permission_set: 'viewer',
        resources: { accounts: { ids: ['*'] } },
      });
      const calls = [
        { operation: 'mappings_delete', arguments: { mapping_id: name } },
        { operation: 'roles_delete', arguments: { role_id: name } },
      ];
      const [account] = await accounts(1);
      const fields: string[][] = [];
      answer = async ({ requestedSchema }) => {
        fields.push(Object.keys(requestedSchema.properties));
        return { action: 'decline' };
      };
      await run([...calls, remove(account as string)]);
      answer = async ({ requestedSchema }) => {
        fields.push(Object.keys(requestedSchema.properties));
        return { action: 'accept', content: { confirm: true } };
      };
      expect((await run(calls)).json).toMatchObject({ done: 2, of: 2 });
      expect(fields).toEqual([['name'], ['confirm']]);
    });

    test('and nobody is asked about a list that cannot be carried out', async () => {
      const names = await accounts(3);
      const [first = '', second = '', third = ''] = names;
      const { id } = ground.sandbox.state.collections.account.all().find((one) => one.name === first) as {
        id: string;
      };
      await ground.make('integrations_create', {
        account_id: third,
        name: 'linked',
        provider_config: { type: 'siem_mock_siem' },
      });
      questions.length = 0;
      answer = async () => ({ action: 'accept', content: { confirm: true, name: `2 ${second}` } });
      const lists: [string, unknown[]][] = [
        ['not_found', [remove(first), remove('absent')]],
        [
          'invalid_arguments',
          [remove(first), { operation: 'accounts_delete', arguments: { account: second } }],
        ],
        ['unknown_operation', [remove(first), { operation: 'accounts_remove', arguments: {} }]],
        ['wrong_tool', [remove(first), { operation: 'accounts_get', arguments: { account_id: second } }]],
        [
          'wrong_tool',
          [
            remove(first),
            {
              operation: 'accounts_patch',
              arguments: { account_id: second, patch: [{ op: 'remove', path: '/labels' }] },
            },
          ],
        ],
        ['invalid_arguments', [remove(first), remove(second), remove(first)]],
        ['invalid_arguments', [remove(first), remove(id)]],
        [
          'invalid_arguments',
          [
            { operation: 'integrations_delete', arguments: { account_id: third, integration_id: 'linked' } },
            remove(third),
          ],
        ],
        ['invalid_arguments', []],
      ];
      const sent = await deletes(async () => {
        for (const [code, calls] of lists) {
          const { json } = await run(calls);
          expect(json.error?.code, JSON.stringify(calls)).toBe(code);
        }
      });
      expect(sent).toBe(0);
      expect(questions).toEqual([]);
      expect((await run([remove(first), remove('absent')])).json.error.arguments[0].argument).toBe('calls.1');
    });

    test('a cancelled call sends nothing more', async () => {
      const names = await accounts(4);
      const abort = new AbortController();
      answer = async () => ({ action: 'accept', content: { name: `4 ${names[3]}` } });
      const before = ground.exchanges.length;
      const watch = setInterval(() => {
        const some = ground.exchanges
          .slice(before)
          .filter(({ operationId }) => operationId === 'accounts_delete');
        if (some.length > 0) abort.abort();
      }, 1);
      await expect(
        program.client.callTool({ name: tool, arguments: { calls: names.map(remove) } }, undefined, {
          signal: abort.signal,
        }),
      ).rejects.toThrow();
      clearInterval(watch);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(exists(names[3] as string)).toBe(true);
    });
  });

  describe('confirm_call confirms all', () => {
    let program: Awaited<ReturnType<typeof open>>;
    beforeAll(async () => {
      program = await open(flags);
    });
    afterAll(() => program.close());
    const ask = async (calls: unknown[]) => (await program.call(tool, { calls })).json.error;

    test('once, after it has shown everything', async () => {
      const names = await accounts(4);
      let error: Answer;
      expect(
        await deletes(async () => {
          error = await ask(names.map(remove));
        }),
      ).toBe(0);
      expect(error).toMatchObject({ code: 'confirmation_required', confirmation: { expires_in_s: 300 } });
      const { id, preview } = error.confirmation;
      expect(preview.total.accounts_delete).toBe(4);
      expect(rowsOf(preview.calls).map(({ target }) => target)).toEqual(names);
      console.log(`confirmation of 4 on ${surface}: ${encode(JSON.stringify(error)).length} tokens`);
      await change(names[3] as string);
      const before = audited(program.log).length;
      const { json } = await program.call('confirm_call', { id });
      expect([json.done, json.of, json.stopped.error.code]).toEqual([3, 4, 'object_changed']);
      console.log(`answer on ${surface}: ${encode(JSON.stringify(json)).length} tokens`);
      expect(names.map(exists)).toEqual([false, false, false, true]);
      expect(
        audited(program.log)
          .slice(before)
          .map(({ outcome, confirmed_by }) => [outcome, confirmed_by]),
      ).toEqual([...Array(3).fill(['ok', 'confirm_call']), ['object_changed', 'confirm_call']]);
      expect((await program.call('confirm_call', { id })).json.error.code).toBe('confirmation_unknown');
    });

    test('and what does not fit into the answer cannot be confirmed', async () => {
      const names = await accounts(30, ` ${'of the long list '.repeat(10)}`);
      const small = await open([...flags, '--max-result-tokens', '1000']);
      const { json } = await small.call(tool, { calls: names.map(remove) });
      expect([json.error.code, json.error.arguments]).toEqual([
        'invalid_arguments',
        [{ argument: 'calls', problem: 'must have fewer calls: make several lists' }],
      ]);
      await small.close();
    });
  });

  test('with --confirm never nobody is asked, and a failure still stops the rest', async () => {
    const program = await open([...flags, '--confirm', 'never']);
    const names = await accounts(3);
    const progress: number[] = [];
    const result = await program.client.callTool(
      { name: tool, arguments: { calls: names.map(remove) } },
      undefined,
      { onprogress: ({ progress: done }) => progress.push(done) },
    );
    const json = JSON.parse((result.content as Answer)[0].text);
    const isError = result.isError === true;
    // The client drops a notification that it reads after the answer.
    expect(progress.slice(0, 2)).toEqual([1, 2]);
    expect([json.done, json.of, json.stopped, isError]).toEqual([3, 3, undefined, false]);
    expect(audited(program.log).map(({ outcome, confirmed_by }) => [outcome, confirmed_by])).toEqual(
      Array(3).fill(['ok', 'not needed']),
    );
    await program.close();
  });

  test('pins hold for each call, and a server that only reads has no such tool', async () => {
    const [mine = '', other = ''] = await accounts(2);
    for (const account_id of [mine, other])
      await ground.make('integrations_create', {
        account_id,
        name: `of-${account_id}`,
        provider_config: { type: 'siem_mock_siem' },
      });
    const link = (integration_id: string) => ({
      operation: 'integrations_delete',
      arguments: { integration_id },
    });
    const pinned = await open([...flags, '--account', mine, '--confirm', 'never']);
    const sent = await ground.sendsOf('integrations_delete', async () => {
      const { json } = await pinned.call(tool, { calls: [link(`of-${mine}`), link(`of-${other}`)] });
      expect(json.error).toMatchObject({ code: 'outside_pin', arguments: [{ argument: 'calls.1' }] });
      expect(
        (await pinned.call(tool, { calls: [link(`of-${mine}`), remove(mine)] })).json.error.code,
      ).toBeDefined();
    });
    expect(sent).toBe(0);
    expect((await pinned.call(tool, { calls: [link(`of-${mine}`)] })).json).toMatchObject({ done: 1 });
    await pinned.close();
    const reading = await open([...flags, '--read-only']);
    const { tools } = await reading.client.listTools();
    expect(tools.map(({ name }) => name)).not.toContain(tool);
    const refused = await deletes(async () => {
      await expect(
        reading.call(tool, { calls: [remove(mine)] }).then(({ json }) => json.done),
      ).resolves.toBeUndefined();
    }).catch(() => 0);
    expect(refused).toBe(0);
    expect(exists(mine)).toBe(true);
    await reading.close();
  });
});

describe.each(['full', 'compact'] as const)('between two requests, on the %s surface', (surface) => {
  let http: Awaited<ReturnType<typeof startHttpProgram>>;
  const tool = toolOf[surface];
  beforeAll(async () => {
    const args = ['--base-url', ground.sandbox.baseUrl, ...testSurfaces[surface].flags];
    http = await startHttpProgram(args, { SYNQLY_PERMISSIONS: 'ignore' });
  });
  afterAll(() => http.close());

  const call = async (calls: unknown[], repeat: object = {}): Promise<Answer> => {
    const revision = '2026-07-28';
    const response = await fetch(http.url, {
      method: 'POST',
      headers: {
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': revision,
        'mcp-method': 'tools/call',
        'mcp-name': tool,
        authorization: `Bearer ${ground.sandbox.token}`,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: {
          name: tool,
          arguments: { calls },
          ...repeat,
          _meta: {
            'io.modelcontextprotocol/protocolVersion': revision,
            'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
          },
        },
      }),
    });
    return ((await response.json()) as Answer).result;
  };
  const jsonOf = ({ content }: Answer) => JSON.parse(content[0].text);
  const answerWith = (requestState: string, content: object, action = 'accept') => ({
    requestState,
    inputResponses: { confirmation: { action, content } },
  });

  test('the answer counts once, for the calls that were shown, as they were', async () => {
    const names = await accounts(4);
    const calls = names.map(remove);
    const right = { name: `4 ${names[3]}` };
    const asked = await call(calls);
    expect(asked.resultType).toBe('input_required');
    const { message } = asked.inputRequests.confirmation.params;
    for (const name of names) expect(message).toContain(JSON.stringify(name));
    const { requestState } = asked;
    expect(
      await deletes(async () => {
        const fewer = await call(calls.slice(0, 3), answerWith(requestState, right));
        expect(jsonOf(fewer).error.code).toBe('answer_rejected');
        const shuffled = await call([...calls].reverse(), answerWith(requestState, right));
        expect(jsonOf(shuffled).error.code).toBe('answer_rejected');
        const again = await call(calls, { requestState });
        expect(again.resultType).toBe('input_required');
      }),
    ).toBe(0);
    await change(names[3] as string);
    const done = jsonOf(await call(calls, answerWith(requestState, right)));
    expect([done.done, done.stopped.call, done.stopped.error.code]).toEqual([3, 3, 'object_changed']);
    expect(names.map(exists)).toEqual([false, false, false, true]);
    expect(jsonOf(await call(calls, answerWith(requestState, right))).error.code).toBe('answer_rejected');
  });

  test('another answer sends nothing, and cannot be corrected', async () => {
    const names = await accounts(2);
    const calls = names.map(remove);
    const right = { name: `2 ${names[1]}` };
    for (const [content, action] of [[{ name: '2' }], [{ name: `1 ${names[1]}` }], [right, 'decline']] as [
      object,
      string?,
    ][]) {
      const { requestState } = await call(calls);
      const sent = await deletes(async () => {
        const first = jsonOf(await call(calls, answerWith(requestState, content, action)));
        expect(first.error.code).toBe('confirmation_declined');
        expect(jsonOf(await call(calls, answerWith(requestState, right))).error.code).toBe('answer_rejected');
      });
      expect(sent).toBe(0);
    }
  });
});
