import { expect, test } from 'vitest';
import { clientFolder, clientNames, clients, type Machine } from '../../src/cli/clients/clients.ts';
import { isOwnEntry, keptFlags, serverEntry } from '../../src/cli/clients/server-entry.ts';

/** The machines that a client may run on. Only Linux is started in tests; these paths follow the documentation. */
const machines: Readonly<Record<string, Machine>> = {
  Linux: { platform: 'linux', home: '/home/zoe', environment: {} },
  macOS: { platform: 'darwin', home: '/Users/zoe', environment: {} },
  Windows: {
    platform: 'win32',
    home: 'C:\\Users\\zoe',
    environment: { APPDATA: 'C:\\Users\\zoe\\AppData\\Roaming' },
  },
  'Windows without APPDATA': { platform: 'win32', home: 'C:\\Users\\zoe', environment: {} },
  'Linux with other folders': {
    platform: 'linux',
    home: '/home/zoe',
    environment: { XDG_CONFIG_HOME: '/cfg', CODEX_HOME: '/codex', CLAUDE_CONFIG_DIR: '/claude' },
  },
};

test.each(Object.entries(machines))('each client has its configuration on %s', (_, machine) => {
  const paths = clientNames.map((name) => `${name}: ${clients[name].path(machine)}`);
  expect(paths).toMatchSnapshot();
  for (const name of clientNames) {
    expect(clients[name].path(machine).includes('/')).toBe(machine.platform !== 'win32');
    expect(clientFolder(name, machine)).not.toBe(machine.home);
  }
});

const script = '/opt/synqly/dist/cli.js';
const program = { node: '/usr/bin/node', script, platform: 'linux' } as const;
const choices = { flags: ['--read-only'], tokenFile: '/t' };

test('a program from the cache of npx is started by npx, on Windows by its shell', () => {
  const cached = '/home/zoe/.npm/_npx/1a2b/node_modules/synqly-mcp/dist/cli.js';
  expect(serverEntry({}, choices, { ...program, script: cached })).toEqual({
    command: 'npx',
    args: ['-y', 'synqly-mcp', '--read-only'],
    env: { SYNQLY_TOKEN_FILE: '/t' },
  });
  const onWindows =
    'C:\\Users\\zoe\\AppData\\Local\\npm-cache\\_npx\\1a2b\\node_modules\\synqly-mcp\\dist\\cli.js';
  expect(serverEntry({}, choices, { ...program, script: onWindows, platform: 'win32' })).toMatchObject({
    command: 'cmd',
    args: ['/c', 'npx', '-y', 'synqly-mcp', '--read-only'],
  });
});

test.each([
  [{ command: 'node', args: [script] }, true],
  [{ command: 'node', args: ['C:\\tools\\synqly-mcp\\dist\\cli.js'] }, true],
  [{ command: 'npx', args: ['-y', 'synqly-mcp@1.2.3', '--read-only'] }, true],
  [{ command: '/usr/local/bin/synqly-mcp' }, true],
  [{ command: 'node', args: ['/opt/other/cli.js', '--name=synqly-mcp'] }, false],
  [{ command: 'synqly-mcp-proxy' }, false],
  [{ command: 'node', args: [script, 'connect', 'https://mcp.example.com/mcp'] }, false],
  [{ command: 'synqly-mcp', args: ['connect', 'https://mcp.example.com/mcp'] }, false],
  [{ url: 'https://synqly-mcp.example.com/mcp' }, false],
  [null, false],
])('%j starts this server: %s', (entry, isOwn) => {
  expect(isOwnEntry(entry, program)).toBe(isOwn);
});

test('flags that init does not set are kept, with their values', () => {
  const args = [
    script,
    '--region',
    'eu',
    '--deny',
    '*_delete',
    '--read-only',
    '--log-level=debug',
    '--sandbox',
  ];
  expect(keptFlags({ args }, ['--region', 'us'], program)).toEqual([
    '--deny',
    '*_delete',
    '--log-level=debug',
  ]);
  expect(keptFlags({ args }, ['--deny', 'accounts_*'], program)).toEqual(['--log-level=debug']);
  expect(keptFlags({ args: 'broken' }, [], program)).toEqual([]);
});
