import { posix, win32 } from 'node:path';

/** Names of the MCP clients that `init` and `print-config` know. */
export const clientNames = [
  'claude-desktop',
  'claude-code',
  'cursor',
  'vscode',
  'vscode-insiders',
  'codex',
  'gemini-cli',
  'windsurf',
  'zed',
  'copilot-cli',
] as const;

/** The name of a client on the command line. */
export type ClientName = (typeof clientNames)[number];

/** The machine on which a client is looked for. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** An MCP client with a configuration file that can start servers over stdio. */
export interface ClientDefinition {
  readonly title: string;
  readonly format: 'json' | 'toml';
  /** The key of the file under which it lists its servers, by name. */
  readonly serversKey: string;
  /** Fields that it needs in a server beside `command`, `args` and `env`. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The configuration of the user, for all projects. */
  readonly path: (machine: Machine) => string;
  /** A folder that exists where the client is installed; by default the folder of its configuration. */
  readonly folder?: (machine: Machine) => string;
  /** What the person does afterwards. */
  readonly afterwards: string;
}

/** Joins paths as the machine does, whichever machine this runs on. */
const joinFor = ({ platform }: Machine, ...parts: string[]): string =>
  (platform === 'win32' ? win32 : posix).join(...parts);

const inHome = (machine: Machine, ...parts: string[]) => joinFor(machine, machine.home, ...parts);

/** The folder in which desktop programs keep their settings. */
function applicationData(machine: Machine): string {
  const { platform, environment } = machine;
  if (platform === 'win32') return environment.APPDATA || inHome(machine, 'AppData', 'Roaming');
  if (platform === 'darwin') return inHome(machine, 'Library', 'Application Support');
  return environment.XDG_CONFIG_HOME || inHome(machine, '.config');
}

const inApplicationData = (machine: Machine, ...parts: string[]) =>
  joinFor(machine, applicationData(machine), ...parts);

const codexHome = (machine: Machine) => machine.environment.CODEX_HOME || inHome(machine, '.codex');

/** Where each client has its configuration, by its documentation. */
export const clients: Readonly<Record<ClientName, ClientDefinition>> = {
  /** https://modelcontextprotocol.io/docs/develop/connect-local-servers (macOS, Windows); Linux as other desktop programs. */
  'claude-desktop': {
    title: 'Claude Desktop',
    format: 'json',
    serversKey: 'mcpServers',
    path: (machine) => inApplicationData(machine, 'Claude', 'claude_desktop_config.json'),
    afterwards: 'Quit Claude Desktop and start it again.',
  },
  /** https://code.claude.com/docs/en/mcp (user scope), https://code.claude.com/docs/en/settings (CLAUDE_CONFIG_DIR). */
  'claude-code': {
    title: 'Claude Code',
    format: 'json',
    serversKey: 'mcpServers',
    fields: { type: 'stdio' },
    path: (machine) =>
      joinFor(machine, machine.environment.CLAUDE_CONFIG_DIR || machine.home, '.claude.json'),
    folder: (machine) => machine.environment.CLAUDE_CONFIG_DIR || inHome(machine, '.claude'),
    afterwards: 'Check it with: claude mcp list',
  },
  /** https://cursor.com/docs/mcp (global configuration). */
  cursor: {
    title: 'Cursor',
    format: 'json',
    serversKey: 'mcpServers',
    path: (machine) => inHome(machine, '.cursor', 'mcp.json'),
    afterwards: 'Turn the server on in the settings of Cursor, under MCP.',
  },
  /** https://code.visualstudio.com/docs/copilot/reference/mcp-configuration (user profile). */
  vscode: {
    title: 'VS Code',
    format: 'json',
    serversKey: 'servers',
    fields: { type: 'stdio' },
    path: (machine) => inApplicationData(machine, 'Code', 'User', 'mcp.json'),
    afterwards: 'Run "MCP: List Servers" in VS Code to start it.',
  },
  /** As VS Code. */
  'vscode-insiders': {
    title: 'VS Code Insiders',
    format: 'json',
    serversKey: 'servers',
    fields: { type: 'stdio' },
    path: (machine) => inApplicationData(machine, 'Code - Insiders', 'User', 'mcp.json'),
    afterwards: 'Run "MCP: List Servers" in VS Code Insiders to start it.',
  },
  /** https://developers.openai.com/codex/mcp; CODEX_HOME: https://developers.openai.com/codex/config-advanced. */
  codex: {
    title: 'Codex',
    format: 'toml',
    serversKey: 'mcp_servers',
    path: (machine) => joinFor(machine, codexHome(machine), 'config.toml'),
    afterwards: 'Check it with: codex mcp list',
  },
  /** https://geminicli.com/docs/cli/configuration (user settings file; it may have comments). */
  'gemini-cli': {
    title: 'Gemini CLI',
    format: 'json',
    serversKey: 'mcpServers',
    path: (machine) => inHome(machine, '.gemini', 'settings.json'),
    afterwards: 'Check it with: gemini mcp list',
  },
  /** https://docs.windsurf.com/windsurf/cascade/mcp */
  windsurf: {
    title: 'Windsurf',
    format: 'json',
    serversKey: 'mcpServers',
    path: (machine) => inHome(machine, '.codeium', 'windsurf', 'mcp_config.json'),
    afterwards: 'Refresh the servers in Windsurf.',
  },
  /** https://zed.dev/docs/ai/mcp (custom servers), https://zed.dev/docs/configuring-zed (the settings file). */
  zed: {
    title: 'Zed',
    format: 'json',
    serversKey: 'context_servers',
    path: (machine) =>
      machine.platform === 'darwin'
        ? inHome(machine, '.config', 'zed', 'settings.json')
        : inApplicationData(machine, machine.platform === 'win32' ? 'Zed' : 'zed', 'settings.json'),
    afterwards: 'Zed starts the server by itself.',
  },
  /** https://docs.github.com/en/copilot/how-tos/copilot-cli/customize-copilot/add-mcp-servers */
  'copilot-cli': {
    title: 'GitHub Copilot CLI',
    format: 'json',
    serversKey: 'mcpServers',
    fields: { type: 'local', tools: ['*'] },
    path: (machine) => inHome(machine, '.copilot', 'mcp-config.json'),
    afterwards: 'Check it with /mcp show in Copilot.',
  },
};

/** The path whose existence says that a client is installed, beside its configuration. */
export function clientFolder(name: ClientName, machine: Machine): string {
  const { path, folder } = clients[name];
  const { dirname } = machine.platform === 'win32' ? win32 : posix;
  return folder ? folder(machine) : dirname(path(machine));
}
