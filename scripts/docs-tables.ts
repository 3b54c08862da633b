import { isInToolsets, presetToolsets } from '../src/access/toolsets.ts';
import { clientNames, clients, type Machine } from '../src/cli/clients/clients.ts';
import type { Mode, SettingDefinition } from '../src/config/define-setting.ts';
import { settings } from '../src/config/settings.ts';
import { errorCodes } from '../src/errors.ts';
import { builtinTools } from '../src/tools/builtin/index.ts';
import { catalogue, groupTitles } from '../src/tools/catalogue.ts';
import type { Operation } from '../src/tools/define-operation.ts';
import { workflows } from '../src/tools/workflows/index.ts';

/** The tables that are generated from the code: file, name of the markers, table. */
const tables: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'docs/configuration.md': { settings: settingsTable },
  'docs/clients.md': { 'client files': clientFileTable },
  'docs/tools.md': {
    toolsets: toolsetTable,
    workflows: workflowTable,
    presets: presetTable,
    'built-in tools': builtinTable,
  },
  'docs/results.md': { 'error codes': errorTable },
};

/** The text of a file with its generated tables up to date. @throws Error when a marker is missing */
export function updateTables(file: string, text: string): string {
  return Object.entries(tables[file] ?? {}).reduce((current, [name, make]) => {
    const part = new RegExp(`(<!-- ${name}:start -->\\n)[\\s\\S]*?(<!-- ${name}:end -->)`);
    if (!part.test(current)) throw new Error(`${file} has no markers for "${name}".`);
    return current.replace(part, (_, start: string, end: string) => `${start}${make()}\n${end}`);
  }, text);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text: string) => (text === '' ? '' : `\`${text}\``);

const modeNames: Readonly<Record<Mode, string>> = {
  stdio: 'stdio',
  http: 'HTTP',
  connect: '`connect`',
  tools: '`tools`',
  token: '`token`',
};

function settingsTable(): string {
  const rows = Object.values(settings as Record<string, SettingDefinition<unknown>>).map((setting) => {
    const { flag, placeholder, env = '', fallback, fallbackText, help, modes } = setting;
    const shownFlag = flag === undefined ? '' : `--${flag}${placeholder ? ` <${placeholder}>` : ''}`;
    const shownDefault = fallbackText ?? (fallback === undefined ? '' : String(fallback));
    return [
      code(shownFlag),
      code(env),
      code(shownDefault),
      modes.map((mode) => modeNames[mode]).join(', '),
      help,
    ];
  });
  return table(['Flag', 'Variable', 'Default', 'Used by', 'Description'], rows);
}

/** The configuration files that `init` edits. */
function clientFileTable(): string {
  const machines: readonly Machine[] = [
    { platform: 'darwin', home: '~', environment: {} },
    { platform: 'linux', home: '~', environment: {} },
    { platform: 'win32', home: '%USERPROFILE%', environment: { APPDATA: '%APPDATA%' } },
  ];
  const rows = clientNames.map((name) => {
    const [macos = '', linux = '', windows = ''] = machines.map((machine) => clients[name].path(machine));
    const unix = macos === linux ? code(macos) : `${code(macos)}, Linux ${code(linux)}`;
    return [code(name), clients[name].title, unix, code(windows)];
  });
  return table(['Name', 'Client', 'File on macOS and Linux', 'File on Windows'], rows);
}

function toolsetTable(): string {
  const rows = [...new Set(catalogue.map(({ group }) => group))].map((group) => {
    const operations = catalogue.filter((operation) => operation.group === group);
    const [prefix] = operations[0]?.id.split('_') ?? [];
    return [groupTitles[group], code(group), code(`${prefix}_`), operations.map(shortName).join(' · ')];
  });
  return table(['Group', 'Toolset', 'Prefix', 'Tools'], rows);
}

/** Operations that write are set in italics, those that destroy in bold. */
function shortName({ id, effect }: Operation): string {
  const short = id.slice(id.indexOf('_') + 1);
  if (effect === 'destroy') return `**${short}**`;
  return effect === 'read' ? short : `*${short}*`;
}

function presetTable(): string {
  const rows = Object.entries(presetToolsets).map(([name, patterns]) => {
    const tools = catalogue.filter((operation) =>
      isInToolsets({ toolsets: [name], allow: [], deny: [] }, operation),
    );
    return [code(name), String(tools.length), patterns.map(code).join(' ')];
  });
  return table(['Toolset', 'Operations', 'Names'], rows);
}

function builtinTable(): string {
  return table(
    ['Tool', 'Effect', 'Description'],
    builtinTools.map(({ id, effect, summary }) => [code(id), effect, summary]),
  );
}

function workflowTable(): string {
  return table(
    ['Tool', 'Description', 'Needs', 'Also reads'],
    workflows.map(({ id, summary, reads, alsoReads }) => [
      code(id),
      summary,
      reads.map(code).join(' '),
      alsoReads.map(code).join(' '),
    ]),
  );
}

function errorTable(): string {
  return table(
    ['Code', '`retry`', 'What to do next'],
    Object.entries(errorCodes).map(([name, { retry, remediation }]) => [
      code(name),
      code(retry),
      remediation.replaceAll('<', '&lt;'),
    ]),
  );
}
