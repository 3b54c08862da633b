import type { NpmPackage, PythonPackage } from './versions.ts';

/** How a client reaches the server. */
export type Transport = 'stdio' | 'HTTP' | 'HTTP, `--sessions`';

/** What each client does in its session. */
export const steps = ['list', 'read', 'error', 'decline', 'confirm', 'resource'] as const;
export type Step = (typeof steps)[number];

/** Why a client cannot do a step. */
export interface Cannot {
  readonly reason: string;
  /** What the client shows instead, if it can be made to try; without it, the client has no way to try. */
  readonly shows?: RegExp;
  /** The transports on which it cannot; all by default. */
  readonly on?: readonly Transport[];
}

export interface Client {
  readonly name: string;
  /** The package whose version is shown. */
  readonly npm?: readonly [NpmPackage, ...NpmPackage[]];
  readonly pypi?: PythonPackage;
  readonly go?: true;
  readonly driver: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly transports: readonly Transport[];
  /** The revision of the protocol that it must end up with. */
  readonly protocol: string | Readonly<Partial<Record<Transport, string>>>;
  /** What its own health check prints about a server that works, if that is all it does. */
  readonly healthy?: RegExp;
  readonly cannot?: Partial<Record<Step, Cannot>>;
}

const legacy = '2025-11-25';
const modern = '2026-07-28';
const all = ['stdio', 'HTTP', 'HTTP, `--sessions`'] as const;
/** Without sessions the server cannot ask a client of the older revisions; a client without forms is not asked. */
const withoutSessions = ['stdio', 'HTTP'] as const;

const noModel: Cannot = {
  reason:
    'Its command line checks servers without a login; tools and resources are used by its model, which needs one.',
};
const healthCheckOnly = {
  read: noModel,
  error: noModel,
  decline: noModel,
  confirm: noModel,
  resource: noModel,
};

/** A command line that starts the server anew for each command. */
const oneServerEach: Cannot = {
  reason:
    'Over stdio each of its commands starts a server of its own, and the call that waits for `confirm_call` ends with it.',
  shows: /"code":\s*"confirmation_unknown"/,
  on: ['stdio'],
};

export const clients: readonly Client[] = [
  {
    name: 'MCP TypeScript SDK, v1',
    npm: ['@modelcontextprotocol/sdk'],
    driver: 'mcp-sdk.mjs',
    transports: all,
    protocol: legacy,
  },
  {
    name: 'MCP TypeScript SDK, v2, `auto`',
    npm: ['@modelcontextprotocol/client'],
    driver: 'mcp-client-v2.mjs',
    options: { mode: 'auto' },
    transports: withoutSessions,
    protocol: modern,
  },
  {
    name: 'MCP TypeScript SDK, v2, pinned to 2026-07-28',
    npm: ['@modelcontextprotocol/client'],
    driver: 'mcp-client-v2.mjs',
    options: { mode: { pin: modern } },
    transports: withoutSessions,
    protocol: modern,
  },
  {
    name: 'MCP TypeScript SDK, v2, `legacy`',
    npm: ['@modelcontextprotocol/client'],
    driver: 'mcp-client-v2.mjs',
    options: { mode: 'legacy' },
    transports: all,
    protocol: legacy,
  },
  {
    name: 'MCP Inspector, command line, `legacy`',
    npm: ['@modelcontextprotocol/inspector'],
    driver: 'inspector.mjs',
    options: { era: 'legacy' },
    transports: withoutSessions,
    protocol: legacy,
    cannot: { confirm: oneServerEach },
  },
  {
    name: 'MCP Inspector, command line, `modern`',
    npm: ['@modelcontextprotocol/inspector'],
    driver: 'inspector.mjs',
    options: { era: 'modern' },
    transports: withoutSessions,
    protocol: modern,
    cannot: { confirm: oneServerEach },
  },
  {
    name: 'mcp-remote',
    npm: ['mcp-remote', '@modelcontextprotocol/sdk'],
    driver: 'mcp-remote.mjs',
    transports: ['HTTP', 'HTTP, `--sessions`'],
    protocol: legacy,
  },
  {
    name: 'mcporter',
    npm: ['mcporter'],
    driver: 'mcporter.mjs',
    transports: withoutSessions,
    protocol: legacy,
  },
  {
    name: 'AI SDK',
    npm: ['@ai-sdk/mcp'],
    driver: 'ai-sdk.mjs',
    transports: withoutSessions,
    protocol: modern,
  },
  {
    name: 'AI SDK, `protocolVersionDiscovery: false`',
    npm: ['@ai-sdk/mcp'],
    driver: 'ai-sdk.mjs',
    options: { protocolVersionDiscovery: false },
    transports: all,
    protocol: legacy,
  },
  {
    name: 'LangChain MCP adapters',
    npm: ['@langchain/mcp-adapters', '@langchain/core'],
    driver: 'langchain.mjs',
    transports: withoutSessions,
    protocol: legacy,
  },
  {
    name: 'OpenAI Agents SDK',
    npm: ['@openai/agents', 'zod'],
    driver: 'openai-agents.mjs',
    transports: withoutSessions,
    protocol: modern,
  },
  {
    name: 'Claude Code',
    npm: ['@anthropic-ai/claude-code'],
    driver: 'claude-code.mjs',
    transports: withoutSessions,
    protocol: modern,
    healthy: /^synqly: .*✔ Connected$/m,
    cannot: healthCheckOnly,
  },
  {
    name: 'Claude Code, `MCP_PROTOCOL_NEGOTIATION=legacy`',
    npm: ['@anthropic-ai/claude-code'],
    driver: 'claude-code.mjs',
    options: { env: { MCP_PROTOCOL_NEGOTIATION: 'legacy' } },
    transports: withoutSessions,
    protocol: legacy,
    healthy: /^synqly: .*✔ Connected$/m,
    cannot: healthCheckOnly,
  },
  {
    name: 'Gemini CLI',
    npm: ['@google/gemini-cli'],
    driver: 'gemini-cli.mjs',
    transports: withoutSessions,
    protocol: '2025-06-18',
    healthy: /^✓ synqly: .* - Connected$/m,
    cannot: {
      ...healthCheckOnly,
      list: { reason: 'Its check sends `initialize` and `ping` only.' },
    },
  },
  {
    name: 'Codex, app server',
    npm: ['@openai/codex'],
    driver: 'codex.mjs',
    options: { features: {} },
    transports: all,
    protocol: '2025-06-18',
  },
  {
    name: 'Codex, app server, feature `mcp_2026_07_28`',
    npm: ['@openai/codex'],
    driver: 'codex.mjs',
    options: { features: { mcp_2026_07_28: true } },
    transports: withoutSessions,
    // Over stdio it opens with the older revision all the same.
    protocol: { stdio: '2025-06-18', HTTP: modern },
  },
  {
    name: 'MCP Python SDK, `auto`',
    pypi: 'mcp',
    driver: 'mcp_python.py',
    options: { mode: 'auto' },
    transports: withoutSessions,
    protocol: modern,
  },
  {
    name: 'MCP Python SDK, `legacy`',
    pypi: 'mcp',
    driver: 'mcp_python.py',
    options: { mode: 'legacy' },
    transports: all,
    protocol: legacy,
  },
  {
    name: 'FastMCP, `auto`',
    pypi: 'fastmcp',
    driver: 'fastmcp_client.py',
    options: { mode: 'auto' },
    transports: withoutSessions,
    protocol: modern,
  },
  {
    name: 'FastMCP, `legacy`',
    pypi: 'fastmcp',
    driver: 'fastmcp_client.py',
    options: { mode: 'legacy' },
    transports: all,
    protocol: legacy,
  },
  {
    name: 'MCP Go SDK',
    go: true,
    driver: '',
    transports: withoutSessions,
    protocol: modern,
  },
  {
    name: 'MCP Go SDK, 2025-11-25',
    go: true,
    driver: '',
    options: { protocolVersion: legacy },
    transports: all,
    protocol: legacy,
  },
];
