import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { parse as parseJsonc } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Home, isKeptIn } from '../e2e/init-support.ts';
import { readableCli } from '../e2e/ordinary-user.ts';

const token = { SYNQLY_TOKEN: 'token-of-this-test' };
let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.remove());

const files = {
  cursor: '.cursor/mcp.json',
  vscode: '.config/Code/User/mcp.json',
  'claude-code': '.claude.json',
  'claude-desktop': '.config/Claude/claude_desktop_config.json',
  'gemini-cli': '.gemini/settings.json',
  codex: '.codex/config.toml',
} as const;
type TestedClient = keyof typeof files;

const init = (client: string, ...flags: string[]) => home.run(['init', client, '--yes', ...flags], token);

type Servers = Record<string, { command: string; args: string[]; env?: object }>;

/** The servers in a client's file, by name. */
function serversOf(client: TestedClient): Servers {
  const text = home
    .read(files[client])
    .toString('utf8')
    .replace(/^\u{feff}/u, '');
  // What else is in the file is of no interest here.
  const content = (client === 'codex' ? parseToml(text) : parseJsonc(text)) as Record<string, Servers>;
  return content[client === 'codex' ? 'mcp_servers' : client === 'vscode' ? 'servers' : 'mcpServers'] ?? {};
}

const others = '"other": { "command": "other-server", "env": { "DSN": "neighbour-secret" } }';

/** Contents to which the server is added without losing a byte. */
const awkward: Readonly<Record<string, readonly [TestedClient, string]>> = {
  'comments everywhere': [
    'vscode',
    '// first\n{\n  /* servers: { */\n  "servers": { // these\n    // "synqly": {}\n    "other": { "command": "x" } // the last, with , and }\n    // no more\n  } /* end */\n} // bye\n',
  ],
  'trailing commas': ['gemini-cli', `{\n  "mcpServers": {\n    ${others},\n  },\n  "theme": "dark",\n}\n`],
  'other servers and other keys': [
    'cursor',
    `{\n    "a": [1, 2.50, 1e3],\n    "mcpServers": {\n        ${others}\n    },\n    "z": "\\u00e9"\n}`,
  ],
  'no list of servers': ['gemini-cli', '{\n  "theme": "dark" // the best\n}\n'],
  'an empty list of servers': ['cursor', '{ "mcpServers": {} }\n'],
  'a list with only a comment': ['vscode', '{\n\t"servers": {\n\t\t// none yet\n\t}\n}\n'],
  'Windows line endings': ['cursor', `{\r\n  "mcpServers": {\r\n    ${others}\r\n  }\r\n}\r\n`],
  'a byte order mark': ['cursor', `\u{feff}{\n  "mcpServers": {\n    ${others}\n  }\n}\n`],
  tabs: ['claude-desktop', `{\n\t"mcpServers": {\n\t\t${others}\n\t}\n}\n`],
  'letters beyond ASCII': [
    'cursor',
    `{\n  "größe": "日本語 🦊",\n  "mcpServers": {\n    "häuser": { "command": "é" }\n  }\n}\n`,
  ],
  'one line': [
    'claude-code',
    `{"numStartups":3,"mcpServers":{${others}},"projects":{"/a":{"mcpServers":{"synqly":{}}}}}`,
  ],
  'one line, no list': ['claude-code', '{"numStartups":3}'],
  'an empty object': ['cursor', '{}'],
  'the list twice': ['cursor', `{\n  "mcpServers": { "first": {} },\n  "mcpServers": { ${others} }\n}\n`],
  'uneven indentation': ['cursor', `  {\n "mcpServers":\n   {${others}\n ,"b":{} }}\n\n\n`],
  '16 MB': ['claude-code', `{"history":["${'x'.repeat(16_000_000)}"],"mcpServers":{${others}}}`],
  'TOML with comments and other servers': [
    'codex',
    '# mine\nmodel = "o5" # good\n\n[mcp_servers.other] # here\ncommand = "x"\nargs = [\n  "a", # ]\n  "[mcp_servers.synqly]",\n]\n\n[tui]\ntheme = "dark"\n# end\n',
  ],
  'TOML with a header inside a string': [
    'codex',
    'note = """\n[mcp_servers.synqly]\ncommand = "\\"no\\""\n"""\nother = \'\'\'\n[mcp_servers.synqly.env]\'\'\'\n',
  ],
  'TOML without a line ending at the end': ['codex', '[mcp_servers.other]\ncommand = "x"'],
  'TOML with Windows line endings': ['codex', 'model = "o5"\r\n\r\n[tui]\r\ntheme = "dark"\r\n'],
};

describe.each(Object.entries(awkward))('a configuration with %s', (_, [client, text]) => {
  const before = Buffer.from(text);

  test('gets the server, loses nothing, and is as it was after --remove', async () => {
    home.write(files[client], before);
    const { status, stdout, stderr } = await init(client);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(isKeptIn(before, home.read(files[client]))).toBe(true);
    const { synqly } = serversOf(client);
    expect(synqly?.args).toEqual([readableCli, '--read-only']);
    expect(stdout).not.toContain('neighbour-secret');
    expect(stdout).not.toContain(token.SYNQLY_TOKEN);
    expect((await init(client)).stdout).toContain('is configured already');
    expect((await init(client, '--remove')).status).toBe(0);
    expect(home.read(files[client]).equals(before)).toBe(true);
  });

  test('is as it was without the copy too, but for a list of servers that was not there', async () => {
    home.write(files[client], before);
    await init(client);
    rmSync(home.at('.local/state'), { recursive: true });
    expect((await init(client, '--remove')).status).toBe(0);
    const after = home.read(files[client]);
    if (text.includes('ervers') || client === 'codex') expect(after.equals(before)).toBe(true);
    else {
      expect(isKeptIn(before, after)).toBe(true);
      expect(parseJsonc(after.toString())).toEqual({ ...parseJsonc(text), mcpServers: {} });
    }
  });
});

const broken: Readonly<Record<string, readonly [TestedClient, string | Buffer, string]>> = {
  'broken JSON': [
    'cursor',
    '{\n  "mcpServers": {\n    "a": {\n  }\n',
    'it is not valid JSON (CloseBraceExpected at line 5, column 1)',
  ],
  'two JSON documents': [
    'cursor',
    '{}\n{}\n',
    'it is not valid JSON (EndOfFileExpected at line 2, column 1)',
  ],
  'a list at the top': ['cursor', '[]', 'its content is not an object'],
  'a list of servers that is an array': ['cursor', '{"mcpServers":[]}', '"mcpServers" is not an object'],
  'a list of servers that is null': ['cursor', '{"mcpServers":null}', '"mcpServers" is not an object'],
  'a server of the same name': [
    'cursor',
    '{"mcpServers":{"synqly":{"command":"theirs"}}}',
    'it has a server "synqly" that starts another program: give this one another name with --name, or replace that one with --force',
  ],
  'UTF-16': ['cursor', Buffer.from('\u{feff}{}', 'utf16le'), 'it is not UTF-8 text'],
  'very deep nesting': ['cursor', '['.repeat(1_000_000), 'it is nested too deeply'],
  'broken TOML': ['codex', 'a = 1\nb = \n', 'it is not valid TOML (line 2, column 5)'],
  'an inline table of servers': [
    'codex',
    'mcp_servers = { other = { command = "x" } }\n',
    '"mcp_servers" is written as an inline table or with dotted keys, which cannot be edited',
  ],
  'dotted keys': [
    'codex',
    'mcp_servers.synqly.command = "synqly-mcp"\n',
    '"mcp_servers" is written as an inline table or with dotted keys, which cannot be edited',
  ],
};

test.each(Object.entries(broken))(
  '%s: nothing is changed, and the reason is said',
  async (_, [client, content, reason]) => {
    const path = home.write(files[client], content);
    const { status, stdout, stderr } = await init(client);
    expect(stderr).toMatch(/^synqly-mcp: (?:Cursor|Codex): /);
    expect(stderr).toContain(`${path} cannot be used: ${reason}. Nothing was changed.\n`);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(home.read(files[client]).equals(Buffer.from(content))).toBe(true);
    expect(readdirSync(home.path).filter((name) => name !== `.${client}`)).toEqual([]);
  },
);

test.each([
  ['an empty file', ''],
  ['a file with only white space', ' \n\n'],
  ['a missing file', undefined],
])('%s gets the server, and is as it was after --remove', async (_, content) => {
  for (const client of ['cursor', 'codex'] as const) {
    if (content !== undefined) home.write(files[client], content);
    expect((await init(client)).status).toBe(0);
    expect(Object.keys(serversOf(client))).toEqual(['synqly']);
    expect((await init(client, '--remove')).status).toBe(0);
    if (content === undefined) expect(existsSync(home.at(files[client]))).toBe(false);
    else expect(home.read(files[client]).toString()).toBe(content);
  }
});

test('a link stays a link, and its target is changed', async () => {
  home.write('dotfiles/mcp.json', '{}');
  home.makeFolder('.cursor');
  symlinkSync(home.at('dotfiles/mcp.json'), home.at(files.cursor));
  expect((await init('cursor')).status).toBe(0);
  expect(lstatSync(home.at(files.cursor)).isSymbolicLink()).toBe(true);
  expect(home.read('dotfiles/mcp.json').toString()).toContain('synqly');
  expect((await init('cursor', '--remove')).status).toBe(0);
  expect(home.read('dotfiles/mcp.json').toString()).toBe('{}');
});

test('a link to a missing file is not replaced', async () => {
  home.makeFolder('.cursor');
  symlinkSync('/nowhere/mcp.json', home.at(files.cursor));
  const { status, stderr } = await init('cursor');
  expect(stderr).toContain('it is a link to a file that does not exist. Nothing was changed.');
  expect(status).toBe(1);
  expect(lstatSync(home.at(files.cursor)).isSymbolicLink()).toBe(true);
});

test('the other name of a file and its mode stay', async () => {
  const path = home.write(files.cursor, '{}', 0o644);
  linkSync(path, home.at('same.json'));
  expect((await init('cursor')).status).toBe(0);
  expect(statSync(path).ino).toBe(statSync(home.at('same.json')).ino);
  rmSync(home.at('same.json'));
  expect((await init('cursor', '--surface', 'compact')).status).toBe(0);
  expect(statSync(path).mode & 0o777).toBe(0o644);
});

test.each([
  ['a file that may not be written', () => home.write(files.cursor, '{}', 0o400)],
  ['a folder that may not be written', () => home.write(files.cursor, '{}')],
  ['a file that may not be read', () => home.write(files.cursor, '{}', 0o200)],
])('%s: the reason is said, and no part of a file is left', async (name, make) => {
  const path = make();
  if (name.includes('folder')) chmodSync(home.at('.cursor'), 0o500);
  const { status, stderr } = await init('cursor');
  expect(stderr).toMatch(
    /^synqly-mcp: Cursor: .* cannot be (?:used|written): this user may not do that\. Nothing was changed\.\n$/,
  );
  expect(status).toBe(1);
  chmodSync(home.at('.cursor'), 0o700);
  expect(readdirSync(home.at('.cursor'))).toEqual(['mcp.json']);
  chmodSync(path, 0o600);
  expect(home.read(files.cursor).toString()).toBe('{}');
});

test('a directory in place of the file is left alone', async () => {
  home.makeFolder(files.cursor);
  const { status, stderr } = await init('cursor');
  expect(stderr).toContain('it is a directory. Nothing was changed.');
  expect(status).toBe(1);
});

test('an entry of this server is updated: what others have added to it stays', async () => {
  const entry = `{\n      // mine\n      "command": "node", "args": ["/old/synqly-mcp/dist/cli.js", "--region", "us", "--toolsets", "observe,admin"],\n      "env": { "HTTPS_PROXY": "http://proxy:8080", "SYNQLY_TOKEN": "inline-token" },\n      "disabled": true\n    }`;
  home.write(files.cursor, `{\n  "mcpServers": {\n    "synqly": ${entry}\n  }\n}\n`);
  const { status, stdout } = await init('cursor', '--region', 'eu');
  expect(status).toBe(0);
  expect(stdout).not.toContain('inline-token');
  const tokenFile = home.at('.config/synqly-mcp/token-eu');
  expect(serversOf('cursor').synqly).toEqual({
    command: process.execPath,
    args: [readableCli, '--read-only', '--region', 'eu', '--toolsets', 'observe,admin'],
    env: { HTTPS_PROXY: 'http://proxy:8080', SYNQLY_TOKEN_FILE: tokenFile },
    disabled: true,
  });
  expect(home.read(files.cursor).toString()).toContain('      // mine\n');
});

test('a table of this server in TOML is updated where it stands', async () => {
  const around = [
    '# first\n[mcp_servers.a]\ncommand = "a"\n\n',
    '\n\n[tui] # last\ntheme = "dark"\n',
  ] as const;
  const own =
    '[mcp_servers."synqly"]\ncommand = "node"\nargs = ["/old/synqly-mcp/dist/cli.js"]\nstartup_timeout_sec = 30\nenv = { SYNQLY_TOKEN = "inline-token" }\n[mcp_servers.synqly.tools.x]\napproval = "ask"';
  home.write(files.codex, around[0] + own + around[1]);
  const { status, stdout } = await init('codex');
  expect(status).toBe(0);
  expect(stdout).not.toContain('inline-token');
  const text = home.read(files.codex).toString();
  expect(text).not.toContain('inline-token');
  expect(text.startsWith(around[0]) && text.endsWith(around[1])).toBe(true);
  expect(serversOf('codex').synqly).toMatchObject({
    command: process.execPath,
    args: [readableCli, '--read-only'],
    startup_timeout_sec: 30,
    tools: { x: { approval: 'ask' } },
  });
  expect((await init('codex', '--remove')).status).toBe(0);
  expect(home.read(files.codex).toString()).toBe(
    '# first\n[mcp_servers.a]\ncommand = "a"\n\n[tui] # last\ntheme = "dark"\n',
  );
});

test('a server of the same name is replaced with --force, or kept beside one of another name', async () => {
  const before = '{"mcpServers":{"synqly":{"command":"theirs","args":["--mine"]}}}';
  home.write(files.cursor, before);
  expect((await init('cursor', '--name', 'synqly-eu')).status).toBe(0);
  expect(serversOf('cursor')).toMatchObject({
    synqly: { command: 'theirs' },
    'synqly-eu': { args: [readableCli, '--read-only'] },
  });
  expect((await init('cursor', '--name', 'synqly-eu', '--remove')).status).toBe(0);
  expect(home.read(files.cursor).toString()).toBe(before);
  const { status, stderr } = await init('cursor', '--remove');
  expect(stderr).toContain(
    'its server "synqly" starts another program: remove it with --force, or in the file',
  );
  expect(status).toBe(1);
  const { stdout } = await init('cursor', '--force');
  expect(serversOf('cursor').synqly?.args).toEqual([readableCli, '--read-only']);
  const copy = /The file as it was: (.*)\n/.exec(stdout)?.[1] ?? '';
  expect(home.read(copy.slice(home.path.length)).toString()).toBe(before);
  expect(statSync(copy).mode & 0o777).toBe(0o600);
});

test('what somebody has changed since then stays after --remove', async () => {
  home.write(files.cursor, '{\n  "theme": 1\n}\n');
  await init('cursor');
  const text = home.read(files.cursor).toString();
  writeFileSync(home.at(files.cursor), text.replace('"theme": 1', '"theme": 2'));
  expect((await init('cursor', '--remove')).status).toBe(0);
  expect(home.read(files.cursor).toString()).toBe('{\n  "theme": 2\n}\n');
});

test('--dry-run shows the change, and writes nothing', async () => {
  home.write(files.cursor, `{\n  "mcpServers": {\n    ${others}\n  }\n}\n`);
  const { status, stdout } = await home.run(['init', 'cursor', '--dry-run'], token);
  expect(status).toBe(0);
  expect(stdout).toContain('+     "synqly": {');
  expect(stdout).not.toContain(token.SYNQLY_TOKEN);
  expect(home.read(files.cursor).toString()).not.toContain('synqly');
  expect(readdirSync(home.path)).toEqual(['.cursor']);
});

test('the token is in a file of this user only, and nowhere else', async () => {
  expect((await init('cursor')).status).toBe(0);
  const path = home.at('.config/synqly-mcp/token-us');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(home.at('.config/synqly-mcp')).mode & 0o777).toBe(0o700);
  expect(home.read('.config/synqly-mcp/token-us').toString().trim()).toBe(token.SYNQLY_TOKEN);
  const found = execFileSync('grep', ['-rl', token.SYNQLY_TOKEN, home.path], { encoding: 'utf8' });
  expect(found.trim().split('\n')).toEqual([path]);
  // A new token takes its place.
  const { stdout } = await home.run(['init', 'cursor', '--yes'], { SYNQLY_TOKEN: 'next-token' });
  expect(stdout).toContain(`is configured already`);
  expect(stdout).toContain(`The token is in ${path}, readable by you only.`);
  expect(home.read('.config/synqly-mcp/token-us').toString()).toBe('next-token\n');
  // The next client takes the same file.
  expect((await home.run(['init', 'codex', '--yes'])).status).toBe(0);
  expect(serversOf('codex').synqly?.env).toEqual({ SYNQLY_TOKEN_FILE: path });
});

test('a token file that cannot be written: the reason is said, and the client is left alone', async () => {
  home.write('.config', 'no folder');
  const { status, stderr } = await init('cursor');
  expect(stderr).toMatch(/^synqly-mcp: .*token-us cannot be written: .+\. Nothing was changed\.\n$/);
  expect(status).toBe(1);
  expect(existsSync(home.at(files.cursor))).toBe(false);
});

test('a self-hosted Synqly has a token file of its own', async () => {
  expect((await init('cursor', '--base-url', 'https://synqly.example.com:8443/api')).status).toBe(0);
  expect(serversOf('cursor').synqly?.env).toEqual({
    SYNQLY_TOKEN_FILE: home.at('.config/synqly-mcp/token-synqly.example.com_8443'),
  });
});

test('a token file that is given is referred to, and not copied', async () => {
  const path = home.write('my token', 'token-of-a-file');
  expect((await home.run(['init', 'cursor', '--yes'], { SYNQLY_TOKEN_FILE: path })).status).toBe(0);
  expect(serversOf('cursor').synqly?.env).toEqual({ SYNQLY_TOKEN_FILE: path });
  expect(readdirSync(home.path)).not.toContain('.config');
});

test('without a client, those on this machine are configured', async () => {
  home.makeFolder('.cursor');
  home.makeFolder('.gemini');
  home.write(files['claude-code'], '{');
  const { status, stdout, stderr } = await home.run(['init', '--yes', '--sandbox']);
  expect(Object.keys(serversOf('cursor'))).toEqual(['synqly']);
  expect(serversOf('gemini-cli').synqly?.args).toEqual([readableCli, '--sandbox', '--read-only']);
  expect(stderr).toContain('Claude Code: ');
  expect(stdout).not.toContain('Codex');
  // One of them could not be configured.
  expect(status).toBe(1);
});

test.each([
  [
    ['init', 'cursor'],
    'init asks questions, and there is no terminal: add --yes to take the answers from flags and variables, or --dry-run to see the changes.',
  ],
  [
    ['init', 'cursor', '--yes'],
    'A token is needed: set SYNQLY_TOKEN or SYNQLY_TOKEN_FILE, or try it without one with --sandbox.',
  ],
  [
    ['init', 'cursr', '--yes'],
    'There is no client of this name. Did you mean cursor? Known: claude-desktop, claude-code, cursor, vscode, vscode-insiders, codex, gemini-cli, windsurf, zed, copilot-cli.',
  ],
  [
    ['init', '--yes'],
    'No client was found on this machine. Name one: claude-desktop, claude-code, cursor, vscode, vscode-insiders, codex, gemini-cli, windsurf, zed, copilot-cli.',
  ],
  [['init', 'cursor', '--yes', '--region', 'asia'], '--region must be one of us, eu.'],
  [
    ['init', 'cursor', '--yes', '--name', 'a b'],
    '--name must be a letter and then letters, digits, - and _; at most 40.',
  ],
])('%j is refused in words, and writes nothing', async (args, message) => {
  const { status, stderr } = await home.run(args);
  expect(stderr).toBe(`synqly-mcp: ${message}\n`);
  expect(status).toBe(2);
  expect(readdirSync(home.path)).toEqual([]);
});

test('print-config prints what init writes', async () => {
  for (const client of ['cursor', 'vscode', 'codex'] as const) {
    const flags = ['--region', 'eu', '--read-write', '--account', 'acme'];
    const { stdout, stderr } = await home.run(['print-config', client, ...flags]);
    expect(stderr).toContain(home.at(files[client]));
    await init(client, ...flags);
    expect(home.read(files[client]).toString()).toBe(stdout);
  }
});

describe.skipIf(process.platform !== 'linux' || !existsSync('/usr/bin/script'))('at a terminal', () => {
  /** Answers each question once, when it is shown. */
  function answers(pairs: readonly (readonly [string, string | (() => string)])[]) {
    let next = 0;
    return (shown: string, type: (text: string) => void) => {
      const [question, answer] = pairs[next] ?? [];
      if (question === undefined || answer === undefined || !shown.includes(question)) return;
      next += 1;
      type(typeof answer === 'string' ? answer : answer());
    };
  }

  test('the answers are asked for, and the token is not shown', async () => {
    home.write(files.cursor, '{}');
    const { status, stdout } = await home.runAtTerminal(
      ['init'],
      answers([
        ['Configure Cursor? [Y/n]', 'y'],
        ['Region of your organization, us or eu [us]', 'eu'],
        ['Only read?', 'n'],
        ['Organization or ad hoc token (not shown)', 'typed-token-of-a-person'],
        ['Write this? [Y/n]', ''],
      ]),
    );
    expect(status).toBe(0);
    expect(stdout).not.toContain('typed-token');
    expect(serversOf('cursor').synqly?.args).toEqual([readableCli, '--region', 'eu']);
    expect(home.read('.config/synqly-mcp/token-eu').toString().trim()).toBe('typed-token-of-a-person');
  });

  test('a file that another program changes meanwhile is left as that program wrote it', async () => {
    const path = home.write(files.cursor, '{}');
    const { status, stdout } = await home.runAtTerminal(
      ['init', 'cursor', '--sandbox'],
      answers([
        ['Only read?', ''],
        [
          'Write this?',
          () => {
            writeFileSync(path, '{"changed": true}');
            return 'y';
          },
        ],
      ]),
    );
    expect(stdout).toContain(
      'another program has changed it in the meantime: run the command again. Nothing was changed.',
    );
    expect(status).toBe(1);
    expect(home.read(files.cursor).toString()).toBe('{"changed": true}');
    expect(readdirSync(home.at('.cursor'))).toEqual(['mcp.json']);
  });

  test('no means no', async () => {
    home.write(files.cursor, '{}');
    const { status } = await home.runAtTerminal(
      ['init', 'cursor', '--sandbox'],
      answers([
        ['Only read?', ''],
        ['Write this?', 'n'],
      ]),
    );
    expect(status).toBe(0);
    expect(home.read(files.cursor).toString()).toBe('{}');
  });
});
