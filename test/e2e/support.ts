import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  type ElicitRequestFormParams,
  ElicitRequestSchema,
  type ElicitResult,
} from '@modelcontextprotocol/sdk/types.js';
import type { Exchange } from '../../src/sandbox/app.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/start.ts';
import { builtinTools } from '../../src/tools/builtin/index.ts';
import { findOperation } from '../../src/tools/catalogue.ts';
import { workflows } from '../../src/tools/workflows/index.ts';

/** The built program; TEST_CLI names another build, to see that a test fails there. */
export const builtCli = process.env.TEST_CLI ?? fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** Bearer tokens of tests hold this, so that a leak is found by searching for it. */
export const canary = 'canary-5f1d9a77c2e84b0e9a';

/** What the tests of the front door need of the environment: no token of the machine's own, and nothing kept between runs. */
export function cleanEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    XDG_STATE_HOME: '/dev/null',
    ...extra,
  };
}

/**
 * Permissions are read while calls already run: those requests would stand among what a test has asked for. Tests of
 * permissions set `learn`.
 */
export const withoutPermissions = { SYNQLY_PERMISSIONS: 'ignore' };

export interface Program {
  readonly client: Client;
  /** Everything the program has written to stderr so far. */
  stderr(): string;
  /** Runs a tool; gives the parsed JSON of its text. */
  call(name: string, args?: Record<string, unknown>): Promise<ToolAnswer>;
  close(): Promise<void>;
}

export interface ToolAnswer {
  readonly isError: boolean;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
  readonly json: any;
}

/** Answers a form in the place of a person. */
export type Person = (question: ElicitRequestFormParams) => Promise<ElicitResult>;

/** A client, with forms (or pages) if there is a person to fill them in. */
export function createClient(person?: Person, mode: 'form' | 'url' = 'form'): Client {
  const capabilities = person ? { elicitation: { [mode]: {} } } : {};
  const client = new Client({ name: 'test', version: '1.0.0' }, { capabilities });
  if (person) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => person(params as ElicitRequestFormParams));
  }
  return client;
}

/**
 * Starts the built program and connects the SDK's client to it over stdio.
 *
 * @param person makes it a client with forms
 */
export async function startProgram(
  args: string[],
  env: Record<string, string> = {},
  person?: Person,
  mode?: 'form' | 'url',
): Promise<Program> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [builtCli, ...args],
    // `connect` takes no settings of a server.
    env: cleanEnvironment({ ...(args[0] !== 'connect' && withoutPermissions), ...env }),
    stderr: 'pipe',
  });
  let written = '';
  transport.stderr?.on('data', (chunk) => {
    written += chunk;
  });
  const client = createClient(person, mode);
  await client.connect(transport);
  return programOf(client, () => written);
}

/** A call that asks for every field of a list, unless it says which: most tests look for what must not be there. */
export function wholeLists(
  name: string,
  args: Record<string, unknown>,
): { name: string; arguments: Record<string, unknown> } {
  if (name === 'run_read' && typeof args.operation === 'string' && typeof args.arguments !== 'string') {
    const inner = wholeLists(args.operation, (args.arguments ?? {}) as Record<string, unknown>);
    return { name, arguments: { ...args, arguments: inner.arguments } };
  }
  return { name, arguments: findOperation(name)?.listing ? { fields: ['*'], ...args } : args };
}

/** What a connected client can do, with results parsed. */
export function programOf(client: Client, stderr: () => string): Program {
  return {
    client,
    stderr,
    call: async (name, args = {}) => {
      const result = await client.callTool(wholeLists(name, args));
      const [content] = result.content as { type: string; text: string }[];
      const text = content?.text ?? '';
      return { isError: result.isError === true, text, json: JSON.parse(text) };
    },
    close: () => client.close(),
  };
}

export interface Rig extends Program {
  readonly sandbox: Sandbox;
  /** Requests that reached the sandbox since the program was started, oldest first. */
  readonly exchanges: Exchange[];
}

/** A sandbox in this process, so that what reaches it can be watched, and the built program connected to it. */
export async function startRig(
  options: { sandbox?: SandboxOptions; args?: string[]; env?: Record<string, string> } = {},
): Promise<Rig> {
  const exchanges: Exchange[] = [];
  const sandbox = await startSandbox({
    ...options.sandbox,
    onExchange: (exchange) => exchanges.push(exchange),
  });
  const args = ['--base-url', sandbox.baseUrl, ...(options.args ?? [])];
  const program = await startProgram(args, { SYNQLY_TOKEN: sandbox.token, ...options.env });
  return {
    ...program,
    sandbox,
    exchanges,
    close: async () => {
      await program.close();
      await sandbox.close();
    },
  };
}

interface FactSheet {
  // biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document
  readonly paths: Record<string, Record<string, any>>;
  // biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document
  readonly components: any;
}

/** The fact sheet that the sandbox is written from. */
export const factSheet: FactSheet = JSON.parse(
  readFileSync(new URL('../../src/sandbox/facts/management.openapi.json', import.meta.url), 'utf8'),
);

/** Every operation of the fact sheet. */
export const factOperations = Object.entries(factSheet.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    id: operation.operationId as string,
    path,
    method: method.toUpperCase(),
    operation,
  })),
);

/** Names of the workflows. */
export const workflowNames: readonly string[] = workflows.map(({ id }) => id);

/** Names of this server's own tools, listed behind the operations of the full surface: workflows and built-in tools. */
export const helperNames: readonly string[] = [...workflowNames, ...builtinTools.map(({ id }) => id)];

/** Tools of the full surface where nothing is left out. */
export const toolCount = factOperations.length + helperNames.length;
