import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Ground, makeTarget, prepareGround } from './destroys.ts';
import { hasRedis, startRedis } from './gateway-support.ts';
import { type HttpProgram, startHttpProgram } from './http-support.ts';
import {
  accept,
  callOnce,
  errorIn,
  isDone,
  type Repeat,
  respond,
  startReplicas,
  tampered,
} from './rounds-support.ts';
import { builtCli, cleanEnvironment } from './support.ts';

let ground: Ground;
let server: HttpProgram;
let token: string;
let folder: string;
beforeAll(async () => {
  ground = await prepareGround();
  token = await ground.newToken();
  server = await serve();
  folder = await mkdtemp(join(tmpdir(), 'synqly-mcp-'));
}, 60_000);
afterAll(async () => {
  await server.close();
  await ground.close();
  await rm(folder, { recursive: true });
});

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const serve = (flags: string[] = [], env: Record<string, string> = {}) =>
  startHttpProgram(['--base-url', ground.sandbox.baseUrl, '--rate-per-minute', '100000', ...flags], env);

async function serveFor(...options: Parameters<typeof serve>): Promise<HttpProgram> {
  const program = await serve(...options);
  open.push(program);
  return program;
}

const call = (name: string, args: object, repeat: Repeat = {}, { url } = server) =>
  callOnce(url, token, name, args, repeat);

/** The first request of a call, and a function for the repeated one. */
async function ask(tool: string, at = server) {
  const target = await makeTarget(tool, ground);
  const { result } = await call(tool, target.args, {}, at);
  expect(result.resultType, JSON.stringify(result)).toBe('input_required');
  const { requestState } = result;
  const answer = (inputResponses: unknown, { url } = at) =>
    callOnce(url, token, tool, target.args, { requestState, inputResponses });
  return { ...target, result, requestState, answer };
}

const yes = accept({ confirm: true });

describe('the official client of 2026-07-28', () => {
  const clientOf = (answers: (message: string) => object) => {
    const client = new Client(
      { name: 'test', version: '1' },
      { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    // The handler's type takes no union of results.
    client.setRequestHandler('elicitation/create', async ({ params }) => answers(params.message) as never);
    open.push(client);
    return client;
  };
  const overHttp = () =>
    new StreamableHTTPClientTransport(new URL(server.url), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    });
  const overStdio = () =>
    new StdioClientTransport({
      command: process.execPath,
      args: [builtCli, '--base-url', ground.sandbox.baseUrl],
      env: cleanEnvironment({ SYNQLY_TOKEN: token }),
      stderr: 'ignore',
    });

  test.each([
    ['stateless HTTP', overHttp],
    ['stdio', overStdio],
  ])('deletes an account over %s once the person has typed its name', async (_, transport) => {
    const { args, name } = await makeTarget('accounts_delete', ground);
    const messages: string[] = [];
    const client = clientOf((message) => {
      messages.push(message);
      return { action: 'accept', content: { name } };
    });
    await client.connect(transport());
    const sent = await ground.sendsOf('accounts_delete', async () => {
      const result = await client.callTool({ name: 'accounts_delete', arguments: args });
      expect(result.isError ?? false, JSON.stringify(result)).toBe(false);
    });
    expect(sent).toBe(1);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain(`To confirm, type the name of the object: "${name}"`);
  });

  test('deletes nothing when the person declines', async () => {
    const { args } = await makeTarget('mappings_delete', ground);
    const client = clientOf(() => ({ action: 'decline' }));
    await client.connect(overHttp());
    const sent = await ground.sendsOf('mappings_delete', async () => {
      const result = await client.callTool({ name: 'mappings_delete', arguments: args });
      expect(JSON.stringify(result.content)).toContain('confirmation_declined');
    });
    expect(sent).toBe(0);
  });
});

test('a missing or malformed answer is asked again three times, then the call is declined', async () => {
  const shapes = [
    undefined,
    {},
    [],
    'yes',
    { other: { action: 'accept', content: { confirm: true } } },
    respond({}),
    respond(null),
    respond({ action: 'yes', content: { confirm: true } }),
    respond({ action: 'accept' }),
    accept({}),
    accept({ confirm: 'true' }),
    accept({ name: 'any' }),
    respond([{ action: 'accept', content: { confirm: true } }]),
  ];
  for (const shape of shapes) {
    const { args, answer, requestState } = await ask('mappings_delete');
    const sent = await ground.sendsOf('mappings_delete', async () => {
      let state = requestState;
      for (const round of [1, 2, 3]) {
        const { result } = await call('mappings_delete', args, {
          requestState: state,
          inputResponses: shape,
        });
        expect(result?.resultType, `${JSON.stringify(shape)}, round ${round}`).toBe('input_required');
        expect(result.inputRequests.confirmation.params.message).toMatch(/^Delete mapping\?/);
        expect(result.requestState).not.toBe(state);
        state = result.requestState;
      }
      const last = await call('mappings_delete', args, { requestState: state, inputResponses: shape });
      expect(errorIn(last).code).toBe('confirmation_declined');
      // The states of the earlier rounds are used up too.
      expect(errorIn(await answer(yes)).code).toBe('answer_rejected');
    });
    expect(sent).toBe(0);
  }
  const named = await ask('accounts_delete');
  for (const shape of [accept({ name: ' ' }), accept({ name: 7 }), accept({ confirm: true })])
    expect((await named.answer(shape)).result.resultType).toBe('input_required');
});

test('an answer to a repeated question counts, and uses up the states of all rounds', async () => {
  const { args, answer } = await ask('mappings_delete');
  const again = await answer({});
  const sent = await ground.sendsOf('mappings_delete', async () => {
    const { requestState } = again.result;
    const done = await call('mappings_delete', args, { requestState, inputResponses: yes });
    expect(isDone(done)).toBe(true);
    expect(errorIn(await answer(yes)).code).toBe('answer_rejected');
  });
  expect(sent).toBe(1);
});

test('a question asked again says that the object has changed meanwhile', async () => {
  const { answer, change } = await ask('mappings_delete');
  await change();
  expect(errorIn(await answer({})).code).toBe('object_changed');
});

test('a state that was changed is refused by every tool, one that is good is no burden', async () => {
  const { requestState } = await ask('mappings_delete');
  const account = { account_id: (await makeTarget('accounts_delete', ground)).args.account_id };
  const compact = await serveFor(['--surface', 'compact']);
  const calls: [string, object, HttpProgram][] = [
    ['accounts_get', account, server],
    ['accounts_create', { name: `free-${randomBytes(4).toString('hex')}` }, server],
    ['mappings_delete', (await makeTarget('mappings_delete', ground)).args, server],
    ['whoami', {}, server],
    ['preview_call', { tool: 'accounts_delete', arguments: account }, server],
    ['read_more', { tool: 'accounts_get', arguments: account, cursor: 'x' }, server],
    ['confirm_call', { id: 'x' }, server],
    ['find_operations', { query: 'account' }, compact],
    ['run_read', { operation: 'accounts_get', arguments: account }, compact],
  ];
  for (const [name, args, at] of calls) {
    for (const state of tampered(requestState).slice(0, 4)) {
      const { error } = await call(name, args, { requestState: state }, at);
      expect(error, name).toMatchObject({
        code: -32_602,
        message: 'requestState is not valid: it was changed, or is of another caller or server.',
      });
    }
  }
  for (const [name, args] of calls.slice(0, 2))
    expect(isDone(await call(name, args, { requestState })), name).toBe(true);
});

test('a state tells its client nothing', async () => {
  const { requestState, args } = await ask('mappings_delete');
  const bytes = Buffer.from(requestState.slice(3), 'base64url').toString('latin1');
  for (const text of ['mappings_delete', String(args.mapping_id), 'confirmation', 'operation'])
    expect(bytes).not.toContain(text);
  const { requestState: other } = await ask('mappings_delete');
  expect(other.slice(0, 10)).not.toBe(requestState.slice(0, 10));
});

test('changes are confirmed in the same way with --confirm change', async () => {
  const careful = await serveFor(['--confirm', 'change']);
  const { args, name } = await makeTarget('accounts_delete', ground);
  const update = { account_id: args.account_id, fullname: 'Renamed' };
  const first = await call('accounts_update', update, {}, careful);
  const { message } = first.result.inputRequests.confirmation.params;
  expect(message).toContain('Renamed');
  const { requestState } = first.result;
  const other = { ...update, fullname: 'Renamed otherwise' };
  const sent = await ground.sendsOf('accounts_update', async () => {
    const mixed = await call('accounts_update', other, { requestState, inputResponses: yes }, careful);
    expect(errorIn(mixed).code).toBe('answer_rejected');
    const done = await call('accounts_update', update, { requestState, inputResponses: yes }, careful);
    expect(isDone(done)).toBe(true);
  });
  expect(sent).toBe(1);
  expect(ground.sandbox.state.collections.account.find(name)).toMatchObject({ fullname: 'Renamed' });
});

test('the compact surface asks too, and binds the answer to the operation and its arguments', async () => {
  const compact = await serveFor(['--surface', 'compact']);
  const [{ args, name }, other] = [
    await makeTarget('accounts_delete', ground),
    await makeTarget('accounts_delete', ground),
  ];
  const run = (operation: string, inner: object, repeat?: Repeat) =>
    call('run_destroy', { operation, arguments: inner }, repeat, compact);
  const { requestState } = (await run('accounts_delete', args)).result;
  const repeat = { requestState, inputResponses: accept({ name }) };
  const sent = await ground.sendsOf('accounts_delete', async () => {
    expect(errorIn(await run('accounts_delete', other.args, repeat)).code).toBe('answer_rejected');
    expect(errorIn(await run('roles_delete', { role_id: name }, repeat)).code).toBe('answer_rejected');
    expect(isDone(await run('accounts_delete', args, repeat))).toBe(true);
  });
  expect(sent).toBe(1);
});

test('the answer is bound to what is called, not to how the client writes it', async () => {
  const { args, name } = await makeTarget('accounts_delete', ground);
  const first = await call('accounts_delete', { ...args, toolCallId: 'call-1' });
  const { requestState } = first.result;
  const repeat = { requestState, inputResponses: accept({ name }) };
  const sent = await ground.sendsOf('accounts_delete', async () => {
    expect(isDone(await call('accounts_delete', { ...args, toolCallId: 'call-2' }, repeat))).toBe(true);
  });
  expect(sent).toBe(1);
});

test('a client without forms gets a preview and an id for confirm_call', async () => {
  const { args } = await makeTarget('mappings_delete', ground);
  const plain = (name: string, given: object) => callOnce(server.url, token, name, given, {}, {});
  const { code, confirmation } = errorIn(await plain('mappings_delete', args));
  expect(code).toBe('confirmation_required');
  const sent = await ground.sendsOf('mappings_delete', async () => {
    expect(isDone(await plain('confirm_call', { id: confirmation.id }))).toBe(true);
  });
  expect(sent).toBe(1);
});

test('the audit log has the question as not sent, and the answered call as confirmed by the person', async () => {
  const audited = await serveFor();
  const { answer } = await ask('mappings_delete', audited);
  await answer(yes);
  const lines = audited
    .stderr()
    .split('\n')
    .filter((line) => line.includes('"type":"audit"'))
    .map((line) => JSON.parse(line));
  expect(lines.map(({ phase, outcome, confirmed_by }) => [phase, outcome, confirmed_by])).toEqual([
    ['not_sent', 'confirmation_required', undefined],
    ['sent', undefined, 'person'],
    ['ended', 'ok', 'person'],
  ]);
});

test('a form holds no secret that the server knows', async () => {
  const mapping = await makeTarget('mappings_delete', ground);
  ground.sandbox.state.collections.mapping.get(String(mapping.args.mapping_id)).fullname = `x ${token} x`;
  const { result } = await call('mappings_delete', mapping.args);
  expect(JSON.stringify(result)).not.toContain(token);
  expect(result.inputRequests.confirmation.params.message).toContain('fullname');
});

describe('keys and stores', () => {
  const key = () => randomBytes(32).toString('base64');
  const storeIn = (name: string) => join(folder, name);
  const withKey = (name: string, ...keys: string[]) => ({
    SYNQLY_STATE_KEY: keys.join(','),
    SYNQLY_STATE_STORE: storeIn(name),
  });

  test('without a key, another process refuses a state', async () => {
    const other = await serveFor();
    const { answer } = await ask('mappings_delete');
    const sent = await ground.sendsOf('mappings_delete', async () => {
      expect((await answer(yes, other)).error.code).toBe(-32_602);
    });
    expect(sent).toBe(0);
  });

  test('with key and store, an answer counts after a restart, and once', async () => {
    const env = withKey('restarted', key());
    const first = await serve([], env);
    const { answer } = await ask('mappings_delete', first);
    await first.close();
    const second = await serve([], env);
    const sent = await ground.sendsOf('mappings_delete', async () => {
      expect(isDone(await answer(yes, second))).toBe(true);
      await second.close();
      const third = await serveFor([], env);
      expect(errorIn(await answer(yes, third)).code).toBe('answer_rejected');
      expect(third.stderr()).not.toContain(env.SYNQLY_STATE_KEY);
    });
    expect(sent).toBe(1);
  });

  test('of several keys, the first seals and all open', async () => {
    const [older, newer] = [key(), Buffer.from(key(), 'base64').toString('hex')];
    const before = await serveFor([], withKey('rotated', older));
    const during = await serveFor([], withKey('rotated', newer, older));
    const after = await serveFor([], withKey('rotated', newer));
    const old = await ask('mappings_delete', before);
    expect((await old.answer(yes, after)).error.code).toBe(-32_602);
    expect(isDone(await old.answer(yes, during))).toBe(true);
    const recent = await ask('mappings_delete', during);
    expect((await recent.answer(yes, before)).error.code).toBe(-32_602);
    expect(isDone(await recent.answer(yes, after))).toBe(true);
  });

  test('a directory holds a private, empty file for each used answer, until it is no longer needed', async () => {
    const at = await serveFor([], withKey('marks', key()));
    expect((await stat(storeIn('marks'))).mode & 0o777).toBe(0o700);
    const old = join(storeIn('marks'), `${'0'.repeat(32)}.used`);
    const recent = join(storeIn('marks'), `${'1'.repeat(32)}.used`);
    // Another process has created it, and not yet set its time.
    const unfinished = join(storeIn('marks'), `${'2'.repeat(32)}.used`);
    const foreign = join(storeIn('marks'), 'notes.txt');
    for (const path of [old, recent, unfinished, foreign]) await writeFile(path, '');
    const [past, future] = [new Date(Date.now() - 601_000), new Date(Date.now() + 60_000)];
    await utimes(old, past, past);
    await utimes(foreign, past, past);
    await utimes(recent, future, future);
    await (await ask('mappings_delete', at)).answer(yes);
    const names = await readdir(storeIn('marks'));
    expect(names).toHaveLength(4);
    expect(names).toContain('notes.txt');
    expect(names).toContain(`${'1'.repeat(32)}.used`);
    expect(names).toContain(`${'2'.repeat(32)}.used`);
    const mark = names.find((name) => !/^(1{32}|2{32}|notes)/.test(name)) ?? '';
    const { mode, size, mtimeMs } = await stat(join(storeIn('marks'), mark));
    expect([mode & 0o777, size]).toEqual([0o600, 0]);
    // It is needed for as long as the answer could be given.
    expect(mtimeMs).toBeGreaterThan(Date.now() + 290_000);
  });

  test.runIf(hasRedis)(
    'while Redis is down nothing is sent, and the same answer counts afterwards',
    async () => {
      const redis = await startRedis();
      const replicas = await startReplicas(ground, redis.named);
      open.push(redis, replicas);
      const { args } = await makeTarget('mappings_delete', ground);
      const { requestState } = (await callOnce(replicas.url, token, 'mappings_delete', args)).result;
      const answer = () =>
        callOnce(replicas.url, token, 'mappings_delete', args, { requestState, inputResponses: yes });
      await redis.stop();
      const sent = await ground.sendsOf('mappings_delete', async () => {
        for (const _ of [1, 2])
          expect(errorIn(await answer())).toMatchObject({ code: 'state_store_unavailable', retry: 'safe' });
      });
      expect(sent).toBe(0);
      await redis.start();
      const afterwards = await ground.sendsOf('mappings_delete', async () => {
        await expect
          .poll(async () => errorIn(await answer())?.code, { timeout: 30_000 })
          .not.toBe('state_store_unavailable');
        await answer();
        await answer();
      });
      expect(afterwards).toBe(1);
    },
    60_000,
  );

  test.runIf(hasRedis)(
    'a Redis that does not answer sends nothing',
    async () => {
      const redis = await startRedis();
      open.push(redis);
      const at = await serveFor([], { SYNQLY_STATE_KEY: key(), SYNQLY_STATE_STORE: redis.named });
      const { answer } = await ask('mappings_delete', at);
      redis.freeze();
      const sent = await ground.sendsOf('mappings_delete', async () => {
        for (const _ of [1, 2])
          expect(errorIn(await answer(yes))).toMatchObject({
            code: 'state_store_unavailable',
            retry: 'safe',
          });
      });
      expect(sent).toBe(0);
    },
    60_000,
  );

  test('a store that cannot be written sends nothing', async () => {
    const at = await serveFor([], withKey('gone', key()));
    const { answer } = await ask('mappings_delete', at);
    await rm(storeIn('gone'), { recursive: true });
    const sent = await ground.sendsOf('mappings_delete', async () => {
      expect(errorIn(await answer(yes)).code).toBe('state_store_unavailable');
    });
    expect(sent).toBe(0);
  });

  test('a directory that others may write to by now sends nothing', async () => {
    const at = await serveFor([], withKey('opened', key()));
    const { answer } = await ask('mappings_delete', at);
    await chmod(storeIn('opened'), 0o777);
    const sent = await ground.sendsOf('mappings_delete', async () => {
      expect(errorIn(await answer(yes)).code).toBe('state_store_unavailable');
    });
    expect(sent).toBe(0);
    await chmod(storeIn('opened'), 0o700);
    expect(isDone(await answer(yes))).toBe(true);
  });
});
