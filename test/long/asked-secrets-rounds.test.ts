import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Exchange } from '../../src/sandbox/app.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { builtCli, cleanEnvironment, programOf, startProgram } from '../e2e/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'asked-rounds-'));
const auditLog = join(folder, 'audit.log');
const exchanges: Exchange[] = [];
const endings: (() => unknown)[] = [];
let sandbox: Sandbox;
let owner = '';
beforeAll(async () => {
  sandbox = await startSandbox({ onExchange: (exchange) => exchanges.push(exchange) });
  owner = String(sandbox.state.collections.account.all()[0]?.name);
});
beforeEach(() => {
  exchanges.length = 0;
});
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

const argsOf = (extra: readonly string[]) => [
  '--base-url',
  sandbox.baseUrl,
  '--audit-log',
  auditLog,
  ...extra,
];
const environment = () => cleanEnvironment({ SYNQLY_TOKEN: sandbox.token, SYNQLY_PERMISSIONS: 'ignore' });
const never = ['--confirm', 'never'];

interface Question {
  readonly mode?: string;
  readonly message: string;
  readonly url?: string;
}
type Answer = { action: 'accept' | 'decline' | 'cancel'; content?: Record<string, boolean> };

/** A client of protocol revision 2026-07-28. It answers as its person does, and repeats calls by itself. */
async function connect(
  elicitation: { form?: Record<string, never>; url?: Record<string, never> },
  person: (question: Question) => Promise<Answer>,
  args = never,
) {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { capabilities: { elicitation }, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  client.setRequestHandler('elicitation/create', ({ params }) => person(params as Question));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [builtCli, ...argsOf(args)],
    env: environment(),
    stderr: 'pipe',
  });
  let written = '';
  transport.stderr?.on('data', (chunk) => {
    written += chunk;
  });
  await client.connect(transport);
  endings.push(() => client.close());
  // The clients of both generations call tools in the same way.
  return programOf(client as never, () => written);
}

let count = 0;
const credential = (config: object = { type: 'token', secret: '${ask:Splunk token}' }) => {
  count += 1;
  return { owner_id: owner, name: `asked-in-rounds-${count}`, config };
};
const aws = { type: 'aws', access_key_id: 'id', secret_access_key: '${ask:key}', session: '${ask:session}' };

const sent = () => exchanges.filter(({ method }) => method !== 'GET');
const sentConfigs = () => sent().map(({ requestBody }) => (requestBody as { config: unknown }).config);
const type = (url: string | undefined, secret: string) =>
  fetch(String(url), { method: 'POST', body: new URLSearchParams({ secret }) });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a client of 2026-07-28 that opens pages', () => {
  const secret = 'typed-in-a-round-8d1f';

  test('gets the page as a question, and its repeated call sends the secret', async () => {
    const asked: Question[] = [];
    const { call, stderr } = await connect({ url: {} }, async (question) => {
      asked.push(question);
      expect((await type(question.url, secret)).status).toBe(200);
      return { action: 'accept' };
    });
    const { isError, text } = await call('credentials_create', credential());
    expect(isError, text).toBe(false);
    expect(sentConfigs()).toEqual([{ type: 'token', secret }]);
    expect(asked).toEqual([
      {
        mode: 'url',
        message: expect.stringContaining('the assistant will not see it'),
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]{36}$/),
      },
    ]);
    expect(text + stderr() + readFileSync(auditLog, 'utf8')).not.toContain(secret);
  });

  test('may answer before the person has typed: the call waits', async () => {
    const { call } = await connect({ url: {} }, async ({ url }) => {
      setTimeout(() => type(url, secret), 700);
      return { action: 'accept' };
    });
    const { isError, text } = await call('credentials_create', credential());
    expect(isError, text).toBe(false);
    expect(sentConfigs()).toEqual([{ type: 'token', secret }]);
  });

  test('is asked for the same page again when the person needs longer than a call may take', async () => {
    const urls: (string | undefined)[] = [];
    const person = async ({ url }: Question): Promise<Answer> => {
      urls.push(url);
      if (urls.length === 3) await type(url, secret);
      return { action: 'accept' };
    };
    const { call } = await connect({ url: {} }, person, [...never, '--timeout', '1.5']);
    const { isError, text } = await call('credentials_create', credential());
    expect(isError, text).toBe(false);
    expect(urls).toHaveLength(3);
    expect(new Set(urls).size).toBe(1);
    expect(sent()).toHaveLength(1);
  });

  test.each(['decline', 'cancel'] as const)(
    'sends nothing when the person answers with %s',
    async (action) => {
      const urls: (string | undefined)[] = [];
      const { call } = await connect({ url: {} }, async ({ url }) => {
        urls.push(url);
        return { action };
      });
      const { json } = await call('credentials_create', credential());
      expect(json.error).toMatchObject({
        code: 'secret_reference',
        next: expect.stringContaining('Ask the person before you try again'),
        arguments: [{ argument: 'config.secret', problem: 'The person gave no secret.' }],
      });
      expect(urls).toHaveLength(1);
      expect((await type(urls[0], secret)).status).toBe(410);
      expect(sent()).toEqual([]);
    },
  );

  test('gets the pages of two asks at once, and one of them declined is enough to send nothing', async () => {
    let declined = '';
    const { call } = await connect({ url: {} }, async ({ url }) => {
      const page = await (await fetch(String(url))).text();
      const which = /config\.(\w+)</.exec(page)?.[1] ?? '';
      if (which === declined) return { action: 'decline' };
      await type(url, `the-${which}`);
      return { action: 'accept' };
    });
    expect((await call('credentials_create', credential(aws))).isError).toBe(false);
    expect(sentConfigs()).toMatchObject([
      { secret_access_key: 'the-secret_access_key', session: 'the-session' },
    ]);
    declined = 'session';
    expect((await call('credentials_create', credential(aws))).json.error.code).toBe('secret_reference');
    expect(sent()).toHaveLength(1);
  });
});

describe('the confirmation comes first, and is asked for once', () => {
  const confirmChange = ['--confirm', 'change'];
  const change = async () => {
    const { call, close } = await startProgram(argsOf(never), environment());
    const { name } = credential();
    const config = { type: 'token', secret: 'the-first-1a1a' };
    await call('credentials_create', { owner_id: owner, name, config });
    await close();
    exchanges.length = 0;
    const patch = [{ op: 'replace', path: '/config/secret', value: '${ask:the next}' }];
    return { owner_id: owner, credential_id: name, patch };
  };
  const sentValues = () => sent().map(({ requestBody }) => (requestBody as { value: unknown }[])[0]?.value);

  test('by a form and then on a page, also if the page takes several rounds', async () => {
    const args = await change();
    const modes: string[] = [];
    const person = async ({ mode, url }: Question): Promise<Answer> => {
      modes.push(String(mode));
      if (mode !== 'url') return { action: 'accept', content: { confirm: true } };
      if (modes.length === 3) await type(url, 'the-next-2b2b');
      return { action: 'accept' };
    };
    const { call } = await connect({ form: {}, url: {} }, person, [...confirmChange, '--timeout', '1.5']);
    const { isError, text } = await call('credentials_patch', args);
    expect(isError, text).toBe(false);
    expect(modes).toEqual(['form', 'url', 'url']);
    expect(sentValues()).toEqual(['the-next-2b2b']);
    expect(readFileSync(auditLog, 'utf8')).toContain('"confirmed_by":"person"');
  });

  test('a form that is declined opens no page', async () => {
    const args = await change();
    const modes: string[] = [];
    const person = async ({ mode }: Question): Promise<Answer> => {
      modes.push(String(mode));
      return { action: 'decline' };
    };
    const { call } = await connect({ form: {}, url: {} }, person, confirmChange);
    expect((await call('credentials_patch', args)).json.error.code).toBe('confirmation_declined');
    expect(modes).toEqual(['form']);
  });

  test('by a form, and the page in the answer, if the client opens no pages', async () => {
    const args = await change();
    const modes: string[] = [];
    const person = async ({ mode }: Question): Promise<Answer> => {
      modes.push(String(mode));
      return { action: 'accept', content: { confirm: true } };
    };
    const { call } = await connect({ form: {} }, person, confirmChange);
    const { json, text } = await call('credentials_patch', args);
    expect(json.error?.code, text).toBe('secret_required');
    await type(json.error.pages[0].url, 'the-next-3c3c');
    const again = await call('credentials_patch', args);
    expect(again.isError, again.text).toBe(false);
    expect(modes).toEqual(['form']);
    expect(sentValues()).toEqual(['the-next-3c3c']);
  });

  test('by confirm_call, which the client repeats, if it has no forms', async () => {
    const args = await change();
    const person = async ({ url }: Question): Promise<Answer> => {
      await type(url, 'the-next-4d4d');
      return { action: 'accept' };
    };
    const { call } = await connect({ url: {} }, person, confirmChange);
    const { json } = await call('credentials_patch', args);
    expect(json.error.code).toBe('confirmation_required');
    const { id } = json.error.confirmation;
    const { isError, text } = await call('confirm_call', { id });
    expect(isError, text).toBe(false);
    expect(sentValues()).toEqual(['the-next-4d4d']);
    expect((await call('confirm_call', { id })).json.error.code).toBe('confirmation_unknown');
  });
});

describe('a client that repeats calls in its own way', () => {
  /** Requests as they are on the wire. */
  const startRaw = () => {
    const child: ChildProcess = spawn(process.execPath, [builtCli, ...argsOf(never)], { env: environment() });
    endings.push(() => child.kill());
    const waiting = new Map<number, (message: unknown) => void>();
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const message = JSON.parse(line);
      waiting.get(message.id)?.(message);
    });
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': { elicitation: { url: {} } },
    };
    let id = 0;
    const send = (message: object) =>
      child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    // biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
    const call = (args: object, more: object = {}): Promise<any> => {
      id += 1;
      const params = { name: 'credentials_create', arguments: args, ...more, _meta };
      const answer = new Promise((resolve) => waiting.set(id, resolve));
      send({ id, method: 'tools/call', params });
      return answer.then((message) => {
        const { result, error } = message as { result: { content?: { text: string }[] }; error: unknown };
        const text = result?.content?.[0]?.text;
        return text === undefined ? (result ?? { error }) : JSON.parse(text);
      });
    };
    const cancelLast = () => send({ method: 'notifications/cancelled', params: { requestId: id, _meta } });
    return Object.assign(call, { cancelLast });
  };
  const accepted = { 'secret-1': { action: 'accept' } };

  test('a missing or malformed answer is asked again, three times at most', async () => {
    const call = startRaw();
    const args = credential();
    let { inputRequests, requestState } = await call(args);
    const url = inputRequests['secret-1'].params.url;
    for (const inputResponses of [undefined, { other: { action: 'accept' } }, { 'secret-1': 'accept' }]) {
      const again = await call(args, { requestState, inputResponses });
      expect(again.inputRequests['secret-1'].params.url).toBe(url);
      requestState = again.requestState;
    }
    expect((await call(args, { requestState })).error.code).toBe('secret_reference');
    expect((await fetch(url)).status).toBe(410);
  });

  test('an answer counts for its own arguments, and once', async () => {
    const call = startRaw();
    const args = credential();
    const { inputRequests, requestState } = await call(args);
    const { url } = inputRequests['secret-1'].params;
    await type(url, 'typed-once-5e5e');
    const other = await call(credential(), { requestState, inputResponses: accepted });
    expect(other.error.code).toBe('answer_rejected');
    const answers = await Promise.all(
      [1, 2].map(() => call(args, { requestState, inputResponses: accepted })),
    );
    expect(answers.filter(({ error }) => !error)).toHaveLength(1);
    expect(sentConfigs()).toEqual([{ type: 'token', secret: 'typed-once-5e5e' }]);
    const replayed = await call(args, { requestState, inputResponses: accepted });
    expect(replayed.error.code).toBe('secret_reference');
    // Not even when the person types a secret for a later call.
    const later = await call(args);
    await type(later.inputRequests['secret-1'].params.url, 'typed-later-6f6f');
    const replayedLater = await call(args, { requestState, inputResponses: accepted });
    expect(replayedLater.error.code).toBe('answer_rejected');
    expect(sent()).toHaveLength(1);
  });

  test('a new call finds what the person has typed for the same call', async () => {
    const call = startRaw();
    const args = credential();
    const { inputRequests } = await call(args);
    await type(inputRequests['secret-1'].params.url, 'typed-before-7a7a');
    expect((await call(args)).error).toBeUndefined();
    expect(sentConfigs()).toEqual([{ type: 'token', secret: 'typed-before-7a7a' }]);
  });

  test('a call that is cancelled while it waits sends nothing', async () => {
    const call = startRaw();
    const args = credential();
    const { inputRequests, requestState } = await call(args);
    void call(args, { requestState, inputResponses: accepted });
    await pause(500);
    call.cancelLast();
    await pause(100);
    await type(inputRequests['secret-1'].params.url, 'typed-late-8b8b');
    await pause(500);
    expect(sent()).toEqual([]);
    expect((await call(args)).error).toBeUndefined();
    expect(sent()).toHaveLength(1);
  });
});
