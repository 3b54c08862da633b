import { StreamableHTTPClientTransport, Client as V2Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixedResources } from '../../src/resources/definitions.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { publishedSkills } from '../../src/skills/published.ts';
import {
  introduction,
  type Lines,
  type Message,
  readPosted,
  revision,
  serverInfoKey,
  startLines,
  v2Headers,
  v2Request,
} from './generations-support.ts';
import { type HttpRig, startHttpProgram, startHttpRig } from './http-support.ts';
import { memberPassword, memberSteps, runSteps, steps } from './scenario.ts';
import {
  builtCli,
  cleanEnvironment,
  createClient,
  factOperations,
  type Program,
  programOf,
  startProgram,
  type ToolAnswer,
  toolCount,
  wholeLists,
} from './support.ts';

/*
 * The same session in both protocol generations, over stdio and HTTP: what is equal, what differs, and how.
 */
interface Answer {
  readonly message: Message;
  readonly text: string;
  /** HTTP status; undefined over stdio. */
  readonly status?: number;
}

/** A connection of one generation. */
interface Wire {
  ask(method: string, params: Record<string, unknown>): Promise<Answer>;
}

let rig: HttpRig;
let lines: { readonly v1: Lines; readonly v2: Lines };
let wires: Record<'v1 stdio' | 'v2 stdio' | 'v1 http' | 'v2 http', Wire>;

beforeAll(async () => {
  rig = await startHttpRig({ env: { SYNQLY_PERMISSIONS: 'ignore' } });
  const { sandbox } = rig;
  const start = () =>
    startLines(['--base-url', sandbox.baseUrl], {
      SYNQLY_TOKEN: sandbox.token,
      SYNQLY_PERMISSIONS: 'ignore',
    });
  lines = { v1: start(), v2: start() };
  await lines.v1.ask({ id: 'hello', method: 'initialize', params: introduction });
  wires = {
    'v1 stdio': overStdio(lines.v1, false),
    'v2 stdio': overStdio(lines.v2, true),
    'v1 http': overHttp(rig, false),
    'v2 http': overHttp(rig, true),
  };
});
afterAll(async () => {
  await Promise.all([lines.v1.close(), lines.v2.close()]);
  await rig.close();
});

function overStdio(program: Lines, isV2: boolean): Wire {
  let id = 0;
  return {
    ask: async (method, params) => {
      id += 1;
      const message = await program.ask(messageOf(method, params, id, isV2));
      const text = program.lines.findLast((line) => JSON.parse(line).id === id) ?? '';
      return { message, text };
    },
  };
}

function overHttp({ post, sandbox }: HttpRig, isV2: boolean): Wire {
  return {
    ask: async (method, params) => {
      const message = messageOf(method, params, 1, isV2);
      const headers = {
        authorization: `Bearer ${sandbox.token}`,
        ...(isV2 ? v2Headers(message) : { 'mcp-protocol-version': '2025-11-25' }),
      };
      const { status, json, text } = await readPosted(await post(message, headers));
      return { message: json, text, status };
    },
  };
}

const messageOf = (method: string, params: Record<string, unknown>, id: number, isV2: boolean): Message =>
  isV2 ? v2Request(method, params, id) : { jsonrpc: '2.0', id, method, params };

/** What a result of the second generation has beside what the first one's has. */
const beside = {
  resultType: 'complete',
  _meta: { [serverInfoKey]: { name: 'synqly-mcp', version: expect.any(String) } },
};
/** The permissions of these tokens are not looked up, so the lists are settled. */
const cacheable = { ...beside, ttlMs: 60_000, cacheScope: 'private' };

const template = 'synqly://openapi/management/operations/{operation}';
const error = (code: number) => ({ error: { code } });
const notFound = error(-32_601);

interface Row {
  readonly what: string;
  readonly method: string;
  readonly params?: Record<string, unknown>;
  /** Of the answers that differ; a row without is the same in both generations, but for `adds`. */
  readonly v1?: object;
  readonly v2?: object;
  /** Fields of the result in the second generation only. */
  readonly adds?: object;
  /** HTTP status in the second generation; 200 by default. */
  readonly status?: number;
}

const table: readonly Row[] = [
  {
    what: 'initialize',
    method: 'initialize',
    params: introduction,
    v1: {
      result: {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {}, prompts: {}, resources: {}, completions: {} },
      },
    },
    v2: notFound,
    status: 404,
  },
  {
    what: 'discover',
    method: 'server/discover',
    v1: notFound,
    v2: {
      result: {
        supportedVersions: [revision],
        capabilities: {
          tools: { listChanged: true },
          prompts: { listChanged: true },
          resources: {},
          completions: {},
          extensions: { 'io.modelcontextprotocol/skills': {} },
        },
        ttlMs: 60_000,
        cacheScope: 'private',
      },
    },
  },
  { what: 'ping', method: 'ping', v1: { result: {} }, v2: notFound, status: 404 },
  { what: 'the list of tools', method: 'tools/list', adds: cacheable },
  {
    // The files of skills are listed where there is an extension for them.
    what: 'the list of resources',
    method: 'resources/list',
    v1: { result: { resources: fixedResources.map(({ uri }) => ({ uri })) } },
    v2: {
      result: {
        resources: [...fixedResources, ...publishedSkills].map((one) => ({
          uri: 'uri' in one ? one.uri : `skill://${one.name}/SKILL.md`,
        })),
      },
    },
  },
  { what: 'the list of prompts', method: 'prompts/list', adds: cacheable },
  { what: 'a prompt', method: 'prompts/get', params: { name: 'review-access' }, adds: beside },
  { what: 'an unknown prompt', method: 'prompts/get', params: { name: 'x' } },
  { what: 'a prompt without a name', method: 'prompts/get' },
  {
    what: 'the list of skills',
    method: 'skills/list',
    v1: notFound,
    v2: { result: { skills: publishedSkills.map(({ frontmatter }) => ({ frontmatter })) } },
  },
  { what: 'the list of templates', method: 'resources/templates/list', adds: cacheable },
  { what: 'a call', method: 'tools/call', params: { name: 'organization_get' }, adds: beside },
  {
    what: 'a list of rows',
    method: 'tools/call',
    params: { name: 'accounts_list', arguments: { limit: 3 } },
    adds: beside,
  },
  {
    what: 'an error of the API',
    method: 'tools/call',
    params: { name: 'accounts_get', arguments: { account_id: 'nobody' } },
    adds: beside,
  },
  {
    what: 'an unknown argument',
    method: 'tools/call',
    params: { name: 'accounts_get', arguments: { acount_id: 'nobody' } },
    adds: beside,
  },
  {
    what: 'arguments that are null',
    method: 'tools/call',
    params: { name: 'organization_get', arguments: null },
    adds: beside,
  },
  {
    what: 'arguments as JSON text',
    method: 'tools/call',
    params: { name: 'accounts_list', arguments: '{"limit":1}' },
    adds: beside,
  },
  {
    what: 'arguments that are no object',
    method: 'tools/call',
    params: { name: 'accounts_list', arguments: 7 },
  },
  { what: 'a call without a name', method: 'tools/call' },
  { what: 'an unknown tool', method: 'tools/call', params: { name: 'accounts_gte' } },
  {
    what: 'a resource',
    method: 'resources/read',
    params: { uri: 'synqly://openapi/management' },
    adds: { ...cacheable, ttlMs: 0 },
  },
  {
    what: 'an unknown resource',
    method: 'resources/read',
    params: { uri: 'synqly://nothing' },
    v1: error(-32_002),
    v2: error(-32_602),
  },
  { what: 'a resource without a URI', method: 'resources/read' },
  {
    what: 'a completion',
    method: 'completion/complete',
    params: {
      ref: { type: 'ref/resource', uri: template },
      argument: { name: 'operation', value: 'accounts_' },
    },
    adds: beside,
  },
  {
    what: 'a completion of a prompt',
    method: 'completion/complete',
    params: {
      ref: { type: 'ref/prompt', name: 'offboard-customer' },
      argument: { name: 'account_id', value: '' },
    },
    adds: beside,
  },
  { what: 'an unknown method', method: 'tools/run', v1: notFound, v2: notFound, status: 404 },
  ...['logging/setLevel', 'resources/subscribe', 'roots/list', 'sampling/createMessage'].map((method) => ({
    what: method,
    method,
    v1: notFound,
    v2: notFound,
    status: 404,
  })),
];

/** An answer without what differs from call to call, and without the words that the first SDK puts before errors. */
function comparable({ message: { id, jsonrpc, ...message } }: Answer): object {
  const text = JSON.stringify(message).replaceAll(/\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/g, 'ID');
  return JSON.parse(text.replace(/"message":"MCP error -\d+: /, '"message":"'));
}

describe.each(['stdio', 'http'] as const)('over %s', (transport) => {
  test.each(table)('$what: $method', async ({ method, params = {}, v1, v2, adds = {}, status = 200 }) => {
    const first = await wires[`v1 ${transport}`].ask(method, params);
    const second = await wires[`v2 ${transport}`].ask(method, params);
    if (transport === 'http') expect([first.status, second.status]).toEqual([200, status]);
    if (v1 && v2) {
      expect(first.message).toMatchObject(v1);
      expect(second.message).toMatchObject(v2);
      return;
    }
    const { result } = comparable(first) as Message;
    // Errors are the same, texts and all.
    expect(comparable(second)).toEqual(
      result === undefined ? comparable(first) : { result: { ...result, ...adds } },
    );
  });

  test('a completed result of the second generation says what it is, and who sent it, in few words', async () => {
    for (const { method, params = {} } of table) {
      const { result } = (await wires[`v2 ${transport}`].ask(method, params)).message;
      if (result === undefined) continue;
      expect(result.resultType, method).toBe('complete');
      const { [serverInfoKey]: info, ...rest } = result._meta;
      expect(rest, method).toEqual({});
      if (method === 'server/discover') expect(info).toMatchObject({ name: 'synqly-mcp', title: 'Synqly' });
      else expect(Object.keys(info), method).toEqual(['name', 'version']);
    }
  });
});

/** The JSON text of the tools in a response, as it came. */
function toolsIn(text: string): string {
  const start = text.indexOf('"tools":[') + '"tools":'.length;
  let end = text.length;
  // Other fields may follow.
  do end = text.lastIndexOf(']', end - 1);
  while (end > start && !isJson(text.slice(start, end + 1)));
  return text.slice(start, end + 1);
}

function isJson(text: string): boolean {
  try {
    return Boolean(JSON.parse(text));
  } catch {
    return false;
  }
}

test('the list of tools has the same bytes over both transports in both generations', async () => {
  const texts = await Promise.all(
    Object.values(wires).map(async (wire) => (await wire.ask('tools/list', {})).text),
  );
  const tools = texts.map(toolsIn);
  expect(JSON.parse(tools[0] ?? '')).toHaveLength(toolCount);
  for (const one of tools) expect(one === tools[0]).toBe(true);
});

test('instructions are the same in both generations', async () => {
  const initialized = await wires['v1 http'].ask('initialize', introduction);
  const discovered = await wires['v2 http'].ask('server/discover', {});
  expect(discovered.message.result.instructions).toBe(initialized.message.result.instructions);
  expect(discovered.message.result.instructions.length).toBeGreaterThan(100);
});

describe('every operation has the same result', () => {
  const clock = '2026-11-28T12:00:00Z';
  const answers: Record<string, Record<string, ToolAnswer>> = {};

  beforeAll(async () => {
    const kinds = {
      'v1 stdio': startV1Stdio,
      'v2 stdio': startV2Stdio,
      'v1 http': startV1Http,
      'v2 http': startV2Http,
    };
    await Promise.all(
      Object.entries(kinds).map(async ([kind, start]) => {
        const sandbox = await startSandbox({ seed: 7, clock });
        const program = await start(sandbox, sandbox.token);
        const first = await runSteps(program, steps);
        const member = await start(sandbox, await logOn(sandbox, program));
        answers[kind] = { ...first, ...(await runSteps(member, memberSteps)) };
        await Promise.all([program.close(), member.close()]);
        await sandbox.close();
      }),
    );
  });

  test.each(factOperations.map(({ id }) => id))('%s', (id) => {
    for (const transport of ['stdio', 'http']) {
      const [first, second] = [answers[`v1 ${transport}`]?.[id], answers[`v2 ${transport}`]?.[id]];
      expect(first, first?.text).toMatchObject({ isError: false });
      expect(second, second?.text).toMatchObject({ isError: false });
      expect(withoutReferences(second?.text)).toBe(withoutReferences(first?.text));
    }
  });
});

/** Names of stored secrets are random. */
const withoutReferences = (text = '') => text.replaceAll(/\$\{secret:[\da-f]{10}\}/g, '${secret:NAME}');

/** A member's own session, as a person would log on. */
async function logOn({ baseUrl, token }: Sandbox, program: Program): Promise<string> {
  const name = 'noor@example.com';
  await program.call('members_create', { name, secret: memberPassword, role_binding: ['administrator'] });
  const organization = await program.call('organization_get');
  const response = await fetch(`${baseUrl}/v1/auth/logon/${organization.json.result.id}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name, secret: memberPassword }),
  });
  const { result } = (await response.json()) as { result: { token: { access: { secret: string } } } };
  return result.token.access.secret;
}

const flags = ({ baseUrl }: Sandbox) => [
  '--base-url',
  baseUrl,
  '--confirm',
  'never',
  '--permissions',
  'ignore',
];

/** HTTP would refuse operations that are called for a secret. */
const startServer = (sandbox: Sandbox) =>
  startHttpProgram([...flags(sandbox), '--reveal-secrets', '--rate-per-minute', '100000']);

const startV1Stdio = (sandbox: Sandbox, token: string) =>
  startProgram(flags(sandbox), { SYNQLY_TOKEN: token });

async function startV1Http(sandbox: Sandbox, token: string): Promise<Program> {
  const server = await startServer(sandbox);
  return closingToo(
    programOf(await server.connect(token), () => ''),
    server.close,
  );
}

async function startV2Stdio(sandbox: Sandbox, token: string): Promise<Program> {
  const client = createV2Client();
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [builtCli, ...flags(sandbox)],
      env: cleanEnvironment({ SYNQLY_TOKEN: token }),
      stderr: 'ignore',
    }),
  );
  return v2ProgramOf(client);
}

async function startV2Http(sandbox: Sandbox, token: string): Promise<Program> {
  const server = await startServer(sandbox);
  const client = createV2Client();
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit }));
  return closingToo(v2ProgramOf(client), server.close);
}

function closingToo(program: Program, close: () => Promise<void>): Program {
  return {
    ...program,
    close: async () => {
      await program.close();
      await close();
    },
  };
}

const createV2Client = () =>
  new V2Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: { pin: revision } } });

function v2ProgramOf(client: V2Client): Program {
  return {
    ...programOf(createClient(), () => ''),
    call: async (name, args = {}) => {
      const { content, isError } = await client.callTool(wholeLists(name, args));
      const [first] = content as { text: string }[];
      const text = first?.text ?? '';
      return { isError: isError === true, text, json: JSON.parse(text) };
    },
    close: () => client.close(),
  };
}
