import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createInputStates } from '../../src/access/input-states.ts';
import { createConfirmations } from '../../src/access/pending-confirmations.ts';
import { allToolsets } from '../../src/access/policy.ts';
import { CallError } from '../../src/errors.ts';
import { createAuditLog } from '../../src/observability/audit-log.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { type FeatureSource, fixedFeatures } from '../../src/protocol/server-features.ts';
import { createRequestContext, type RequestContext } from '../../src/request-context.ts';
import { ResourceError } from '../../src/resources/definitions.ts';
import type { ResourceProvider } from '../../src/resources/provider.ts';
import { withoutSecrets } from '../../src/secrets/store.ts';
import { PromptError } from '../../src/skills/definitions.ts';
import { createSkillProvider, type SkillProvider } from '../../src/skills/provider.ts';
import type { Surface } from '../../src/surfaces/surface.ts';
import { fixedToken } from '../../src/synqly/token-source.ts';
import type { CallResult } from '../../src/tools/define-tool.ts';
import type { Tool } from '../../src/tools/tool.ts';
import { buildHttpServer } from '../../src/transports/http/app.ts';
import { loopbackHosts } from '../../src/transports/http/host-guard.ts';
import { inputTools } from './input-tools.ts';

/*
 * The tools and resources that the MCP conformance suite asks for, served through our own adapter, transport and guard.
 */
const annotations = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};

function fixtureTool(name: string, description: string, properties: Record<string, object> = {}): Tool {
  const inputSchema = { type: 'object', properties, additionalProperties: false } as const;
  return { name, title: name, description, inputSchema, annotations };
}

const tools: readonly Tool[] = [
  fixtureTool('test_simple_text', 'Answers with a text.'),
  fixtureTool('test_error_handling', 'Fails.'),
  fixtureTool('test_tool_with_progress', 'Reports its progress.'),
  fixtureTool('test_logging_tool', 'Logs nothing to its client.'),
  fixtureTool('test_trigger_tool_change', 'Changes the list of tools.'),
  fixtureTool('test_trigger_prompt_change', 'Changes the list of prompts.'),
  ...Object.keys(inputTools).map((name) => fixtureTool(name, 'Asks the person.')),
  {
    ...fixtureTool('json_schema_2020_12_tool', 'Has a schema with the words of JSON Schema 2020-12.'),
    // The suite asks for words of JSON Schema that none of our tools publishes.
    inputSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: {
        address: {
          $anchor: 'addressDef',
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } },
        },
      },
      properties: {
        name: { type: 'string' },
        address: { $ref: '#/$defs/address' },
        contactMethod: { type: 'string', enum: ['phone', 'email'] },
        phone: { type: 'string' },
        email: { type: 'string' },
      },
      allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
      if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
      // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
      then: { required: ['phone'] },
      else: { required: ['email'] },
      additionalProperties: false,
    } as never,
  },
];

const toolsRun: string[] = [];

const surface: Surface = {
  tools,
  operations: tools,
  toolCall: (tool, args) => ({ tool, arguments: args }),
  call: (name, _, context) => {
    if (!tools.some((tool) => tool.name === name)) return undefined;
    toolsRun.push(name);
    return run(name, context);
  },
};

async function run(name: string, context: RequestContext): Promise<CallResult> {
  const failed = (error: CallError): CallResult => ({ value: { error: error.toJSON() }, error });
  if (name === 'test_error_handling') return failed(new CallError('internal', 'This tool always fails.'));
  if (name === 'test_tool_with_progress') {
    for (const done of [0, 50, 100]) {
      context.client?.reportProgress?.(done, 100);
      await pause(50);
    }
  }
  if (/^test_trigger_(?:tool|prompt)_change$/.test(name)) for (const listener of [...listeners]) listener();
  try {
    const value = 'This is a simple text response for testing.';
    return inputTools[name]?.(context) ?? { value, error: undefined };
  } catch (error) {
    if (error instanceof CallError) return failed(error);
    throw error;
  }
}

const listeners = new Set<() => void>();

const described = { title: 'Fixture', description: 'For the conformance suite.', mimeType: 'text/plain' };

const resources: ResourceProvider = {
  resources: [{ uri: 'test://static-text', name: 'static-text', ...described }],
  resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', ...described }],
  read: async (uri) => {
    const [, id] = /^test:\/\/template\/([^/]+)\/data$/.exec(uri) ?? [];
    if (uri === 'test://static-text') {
      return { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' };
    }
    if (id === undefined) throw new ResourceError('Resource not found', true, { uri });
    const text = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
    return { uri, mimeType: 'application/json', text };
  },
  complete: async ({ value }) => ({
    values: ['paris', 'park', 'party'].filter((one) => one.startsWith(value)),
    hasMore: false,
  }),
};

const policy = { readOnly: false, confirm: 'never', toolsetFilter: allToolsets } as const;

const argumentOf = (name: string) => ({ name, description: 'For the conformance suite.', required: true });

/** The suite asks for prompts by name: these stand in for ours, as the tools above do. The skills are our own. */
const skills: SkillProvider = {
  ...createSkillProvider({ policy }, surface.toolCall),
  prompts: async () => [
    { ...described, name: 'test_simple_prompt', arguments: [] },
    { ...described, name: 'test_prompt_with_arguments', arguments: ['arg1', 'arg2'].map(argumentOf) },
  ],
  prompt: async (name, { arg1, arg2 }) => {
    const text =
      name === 'test_simple_prompt'
        ? 'This is a simple prompt for testing.'
        : `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`;
    if (!['test_simple_prompt', 'test_prompt_with_arguments'].includes(name))
      throw new PromptError('Unknown prompt.');
    return {
      description: described.description,
      messages: [{ role: 'user', content: { type: 'text', text } }],
    };
  },
  complete: async ({ value }) => ({
    values: ['paris', 'park', 'party'].filter((one) => one.startsWith(value)),
    hasMore: false,
  }),
};

export interface Fixture {
  readonly url: string;
  /** Names of the tools that were run since the last call. */
  takeToolsRun(): string[];
  close(): Promise<void>;
}

const features: FeatureSource = {
  ...fixedFeatures({ surface, resources, skills }),
  onChange: (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};

/** Starts the fixture on a free port of loopback; gives its URL and how to end it. */
export async function startFixture(): Promise<Fixture> {
  const log = createLogger('silent', []);
  const server = await buildHttpServer({
    authenticator: {
      authenticate: async () => ({ token: fixedToken('fixture'), hash: '0'.repeat(64) }),
      isKnown: () => true,
      isCheap: true,
    },
    open: async () => ({
      features,
      context: createRequestContext({
        open: () => Promise.reject(new Error('The fixture has no Synqly.')),
        knownTokens: [],
        log,
        timeout: 1_000,
        revealSecrets: false,
        maxResultTokens: 10_000,
        secrets: withoutSecrets,
        policy,
        pendingCalls: createConfirmations(1)('fixture'),
        inputStates: createInputStates({ timeoutMs: 1 })('fixture'),
        auditLog: createAuditLog(undefined, log),
        sandbox: true,
      }),
    }),
    isReady: async () => true,
    log,
    hosts: loopbackHosts,
    origins: [],
    sessions: true,
    sessionIdle: 600_000,
    ratePerMinute: 100_000,
    maxConcurrent: 512,
  });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.app.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    takeToolsRun: () => toolsRun.splice(0),
    close: () => server.drain(0),
  };
}
