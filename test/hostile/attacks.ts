import { request as send } from 'node:http';
import type { Endpoint } from '../e2e/http-support.ts';

/** The worst that one caller can do in one way. */
export interface Attack {
  readonly name: string;
  /** Flags that the server is started with besides. */
  readonly args?: readonly string[];
  /** Seconds by which the sandbox delays the calls of the attack, which nobody else makes. */
  readonly delay?: number;
  /** Does it, until the last of it has ended somehow. @param token good, and the attacker's own */
  run(program: Endpoint, token: string): Promise<void>;
}

/** Tools that only attacks use: the other caller's calls must not be delayed along with them. */
export const delayedTool = 'members_list';

type Headers = Record<string, string>;

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

/** Sends a message, and takes whatever comes of it: what is refused, or broken off, is over as well. */
async function ask(program: Endpoint, headers: Headers, message: object): Promise<Headers> {
  try {
    const response = await program.post(message, headers);
    await response.text();
    const session = response.headers.get('mcp-session-id');
    return session === null ? {} : { 'mcp-session-id': session };
  } catch {
    return {};
  }
}

const call = (name: string, args: object) => ({
  method: 'tools/call',
  params: { name, arguments: args },
});

const times = <Value>(count: number, make: (index: number) => Value): Value[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Does something so often, a few at a time. */
async function repeat(count: number, atOnce: number, one: (index: number) => Promise<unknown>) {
  for (let from = 0; from < count; from += atOnce)
    await Promise.all(times(Math.min(atOnce, count - from), (index) => one(from + index)));
}

/** A call with arguments that are long. */
const longText = (name: string, tool: string, args: object, flags: readonly string[] = []): Attack => ({
  name,
  args: flags,
  run: (program, token) => repeat(3, 3, () => ask(program, bearer(token), call(tool, args))),
});

const initialize = (capabilities: object = {}, name = 'hostile') => ({
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities, clientInfo: { name, version: '1' } },
});

const sessions = ['--sessions'];

const appendTo = { op: 'copy', from: '/labels', path: '/labels/-' };

export const attacks: readonly Attack[] = [
  longText('a filter of blanks', 'accounts_list', { filter: [`a[${' '.repeat(400_000)}x`] }),
  longText('an order of dots', 'accounts_list', { order: ['.'.repeat(300_000)] }),
  longText('a part of dots', 'read_more', {
    tool: 'integrations_get',
    arguments: {},
    cursor: '.'.repeat(900_000),
  }),
  longText('a part of slashes', 'read_more', {
    tool: 'integrations_get',
    arguments: {},
    cursor: '/'.repeat(900_000),
  }),
  longText('a name of a tool', 'a'.repeat(900_000), {}),
  longText(
    'a search for unlike words',
    'find_operations',
    { query: times(100_000, (index) => `w${index}x`).join(' ') },
    ['--surface', 'compact'],
  ),
  {
    name: 'URIs of slashes and dots',
    run: (program, token) =>
      repeat(4, 4, (index) =>
        ask(program, bearer(token), {
          method: 'resources/read',
          params: { uri: `synqly://status/${(index % 2 ? '/' : '.').repeat(900_000)}` },
        }),
      ),
  },
  {
    name: 'patterns of stars',
    run: (program, token) =>
      repeat(4, 4, () =>
        ask(program, { ...bearer(token), 'synqly-deny': `${'*'.repeat(12)}z` }, { method: 'tools/list' }),
      ),
  },
  {
    name: 'very many patterns',
    run: (program, token) =>
      repeat(20, 5, (index) => {
        const deny = times(500, (one) => `*a*b*${index}-${one}*`).join(',');
        return ask(program, { ...bearer(token), 'synqly-deny': deny }, { method: 'tools/list' });
      }),
  },
  {
    name: 'narrowings that nobody else has',
    run: (program, token) =>
      repeat(600, 20, (index) => {
        const allow = times(10, (one) => ((index >> one) & 1 ? 'accounts_*' : 'roles_*')).join(',');
        const headers = { ...bearer(token), 'synqly-allow': `${allow},*_list`, 'synqly-deny': 'tokens_*' };
        return ask(program, headers, { method: 'tools/list' });
      }),
  },
  longText('a patch that doubles', 'preview_call', {
    tool: 'accounts_patch',
    arguments: { account_id: 'acme', patch: times(30, () => appendTo) },
  }),
  {
    name: 'a flood of made-up tokens',
    args: ['--rate-per-minute', '1500'],
    run: (program) =>
      repeat(3_000, 300, (index) => ask(program, bearer(`made-up-${index}`), { method: 'ping' })),
  },
  {
    name: 'a flood without tokens',
    args: ['--rate-per-minute', '1500'],
    run: (program) => repeat(3_000, 100, () => ask(program, {}, { method: 'ping' })),
  },
  {
    name: 'slow calls',
    delay: 4,
    run: (program, token) => repeat(800, 800, () => ask(program, bearer(token), call(delayedTool, {}))),
  },
  {
    name: 'slow calls whose client goes away',
    delay: 4,
    run: (program, token) =>
      repeat(600, 200, () => leaveEarly(program, bearer(token), { id: 1, ...call(delayedTool, {}) })),
  },
  {
    name: 'streams',
    args: sessions,
    run: async (program, token) => {
      const leaves: (() => void)[] = [];
      await repeat(250, 25, async () => {
        const headers = { ...bearer(token), ...(await ask(program, bearer(token), initialize())) };
        const accept = 'text/event-stream';
        const stream = send(program.url, { headers: { ...headers, accept } }).end();
        leaves.push(() => stream.destroy());
        await new Promise<void>((resolve) => {
          stream.on('error', () => resolve()).on('response', (response) => resolve(void response.resume()));
        });
      });
      for (const leave of leaves) leave();
    },
  },
  {
    name: '1,001 sessions',
    args: sessions,
    run: (program, token) => repeat(1_001, 50, () => ask(program, bearer(token), initialize())),
  },
  {
    name: 'sessions with many capabilities',
    args: sessions,
    run: (program, token) => {
      const experimental = Object.fromEntries(times(50_000, (index) => [`c${index}`, {}]));
      const message = initialize({ experimental, elicitation: experimental }, 'n'.repeat(50_000));
      return repeat(40, 2, () => ask(program, bearer(token), message));
    },
  },
  {
    name: 'lists of calls',
    run: (program, token) =>
      repeat(40, 20, async () => {
        const list = times(100, (id) => ({ jsonrpc: '2.0', id, ...call('accounts_list', { limit: 1 }) }));
        await say(program, bearer(token), JSON.stringify(list));
      }),
  },
  {
    name: 'bodies of very many, and very deep, things',
    run: (program, token) =>
      repeat(12, 3, async (index) => {
        const bodies = [
          `[${'0,'.repeat(500_000)}0]`,
          '['.repeat(1_000_000),
          `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"accounts_get","arguments":${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}}}`,
        ];
        await say(program, bearer(token), bodies[index % bodies.length] ?? '');
      }),
  },
];

/** Sends a body as it is, and takes whatever comes of it. */
async function say(program: Endpoint, headers: Headers, body: string): Promise<void> {
  await program
    .postText(body, headers)
    .then((response) => response.text())
    .catch(() => {});
}

/** Sends a message, and breaks the connection off at once. */
function leaveEarly(program: Endpoint, headers: Headers, message: object): Promise<void> {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  return new Promise((resolve) => {
    const request = send(program.url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    request.on('error', () => resolve()).on('close', () => resolve());
    request.end(body, () => setTimeout(() => request.destroy(), 20));
  });
}
