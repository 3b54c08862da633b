import type { Pins } from '../src/access/pins.ts';
import { allToolsets, type Policy } from '../src/access/policy.ts';
import { connectInProcess } from '../src/app/in-process-client.ts';
import { loadConfig } from '../src/config/load-config.ts';
import type { SurfaceKind } from '../src/config/settings.ts';
import { errorCodes } from '../src/errors.ts';
import type { Tool } from '../src/tools/tool.ts';
import { type SourceText, sourceTexts } from './docs-texts-source.ts';

interface Variant {
  readonly flags?: Readonly<Record<string, boolean>>;
  readonly policy?: Partial<Policy>;
  readonly pins?: Pins;
}

/** The file that has every text of this server. */
export const textsFile = 'docs/texts.md';

const retryNotes = {
  safe: 'may be repeated',
  check: 'check first whether it took effect',
  no: 'would fail again',
} as const;

/** Sections for the texts of the source code: a text belongs to the first that takes it. */
const sections: readonly { title: string; takes: (text: SourceText) => boolean }[] = [
  { title: 'Confirmations and previews', takes: inRooms('pipeline/confirmation', 'pipeline/call-lists') },
  { title: 'The page where a person types a secret', takes: inRooms('secrets/prompt-page') },
  { title: 'Command line and settings', takes: inRooms('cli', 'app', 'config') },
  { title: 'HTTP, MCP messages and connect', takes: inRooms('transports', 'protocol', 'auth') },
  { title: 'Log, metrics and libraries', takes: inRooms('observability', 'lib', 'server', 'version') },
  { title: 'Hints and notes in results', takes: () => true },
];

/** The page of all texts, from the published tools, the error codes and the source code. */
export async function textsPage(): Promise<string> {
  const { tools, lines } = await publishedTexts();
  const published = new Set([
    ...tools.flatMap((tool) => [tool.title, tool.description, ...descriptionsOf(tool.inputSchema)]),
    ...lines.keys(),
    ...Object.values(errorCodes).map(({ remediation }) => remediation),
  ]);
  const others = sourceTexts().filter(({ text, file }) => {
    return !published.has(text) && !file.startsWith('tools/operations');
  });
  const errors = others.filter(({ error = '' }) => /^[a-z]/.test(error));
  const rest = others.filter((text) => !errors.includes(text));
  return [
    '# Texts',
    '',
    'Every text that a model or a person reads from this server. `npm run docs` writes this page from the tools and from the source code,',
    'so correct a text where the last column says (a file below `src/`), not here. Parts that a call fills in are in braces: `{name}`;',
    '`{is | are}` is a choice.',
    '',
    '## Tools',
    '',
    table(
      ['Tool', 'Title', 'Description'],
      tools.map(({ name, title, description }) => [code(name), title, description]),
    ),
    '',
    '## Arguments',
    '',
    argumentTable(tools),
    '',
    '## Instructions',
    '',
    'A client may show these lines to its model.',
    '',
    table(
      ['Line', 'Shown by a server'],
      [...lines].map(([line, variants]) => [line, variants]),
    ),
    '',
    '## Error codes',
    '',
    table(
      ['Code', 'What to do next', 'A repeat'],
      Object.entries(errorCodes).map(([name, { remediation, retry }]) => [
        code(name),
        remediation,
        retryNotes[retry],
      ]),
    ),
    '',
    '## Messages of errors',
    '',
    'A text in the column "Next" replaces the one of the code.',
    '',
    errorTable(errors),
    ...sections.flatMap(({ title, takes }) => {
      const texts = rest.filter((text) => sections.find((section) => section.takes(text))?.takes === takes);
      return ['', `## ${title}`, '', sourceTable(texts)];
    }),
    '',
  ].join('\n');
}

/** The tools of both surfaces, each once, and the lines of the instructions with the servers that show them. */
async function publishedTexts(): Promise<{ tools: readonly Tool[]; lines: ReadonlyMap<string, string> }> {
  const tools = new Map<string, Tool>();
  const shownBy = new Map<string, string[]>();
  const standard: Policy = { readOnly: false, confirm: 'destroy', toolsetFilter: allToolsets };
  let variants = 0;
  const show = async (variant: string, surface: SurfaceKind, { flags, policy, pins }: Variant = {}) => {
    variants += 1;
    const config = loadConfig({ ...flags }, {});
    const client = await connectInProcess({ config, surface, pins, policy: { ...standard, ...policy } });
    for (const tool of client.tools) if (!tools.has(tool.name)) tools.set(tool.name, tool);
    for (const line of client.instructions.split('\n')) {
      shownBy.set(line, [...(shownBy.get(line) ?? []), variant]);
    }
  };
  await show('with all tools', 'full');
  await show('with the compact surface', 'compact');
  await show('with --read-only', 'full', { policy: { readOnly: true } });
  await show('with --read-only and the compact surface', 'compact', { policy: { readOnly: true } });
  await show('with --sandbox', 'full', { flags: { sandbox: true } });
  await show('with --confirm change', 'full', { policy: { confirm: 'change' } });
  await show('with --confirm never', 'full', { policy: { confirm: 'never' } });
  await show('with --account', 'full', { pins: { account: 'acme' } });
  await show('with --environment', 'full', { pins: { environment: 'test' } });
  await show('with --account and --environment', 'full', { pins: { account: 'acme', environment: 'test' } });
  return {
    tools: [...tools.values()],
    lines: new Map(
      [...shownBy].map(([line, by]) => [line, by.length === variants ? 'always' : by.join(', ')]),
    ),
  };
}

/** The descriptions in a JSON Schema, with the path of the argument that has each. */
function describedArguments(schema: unknown, path = ''): readonly { path: string; description: string }[] {
  if (typeof schema !== 'object' || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap((item) => describedArguments(item, path));
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === 'description' && typeof value === 'string') return [{ path, description: value }];
    if (key !== 'properties') return describedArguments(value, path);
    return Object.entries(value as object).flatMap(([name, inner]) =>
      describedArguments(inner, path === '' ? name : `${path}.${name}`),
    );
  });
}

const descriptionsOf = (schema: unknown) => describedArguments(schema).map(({ description }) => description);

/** Tools that a row names; more are counted. */
const maxNamed = 4;

/** Each description once, with the arguments and tools that have it. */
function argumentTable(tools: readonly Tool[]): string {
  const found = new Map<string, { paths: Set<string>; names: Set<string> }>();
  for (const { name, inputSchema } of tools) {
    for (const { path, description } of describedArguments(inputSchema)) {
      const row = found.get(description) ?? { paths: new Set(), names: new Set() };
      row.paths.add(path);
      row.names.add(name);
      found.set(description, row);
    }
  }
  const rows = [...found].map(([description, { paths, names }]) => [
    description,
    [...paths].map(code).join(' '),
    names.size > maxNamed ? `${names.size} tools` : [...names].map(code).join(' '),
  ]);
  return table(['Description', 'Argument', 'Tools'], rows);
}

const parts: Readonly<Record<string, string>> = { remediation: 'Next', problem: 'Argument' };

function errorTable(texts: readonly SourceText[]): string {
  const byCode = [...texts].sort((a, b) => (a.error ?? '').localeCompare(b.error ?? '', 'en'));
  return groupedTable(['Code', 'Part', 'Text'], byCode, ({ error = '', name = '', text }) => [
    error,
    parts[name] ?? 'Message',
    text,
  ]);
}

function sourceTable(texts: readonly SourceText[]): string {
  return groupedTable(['Text'], texts, ({ text }) => [text]);
}

/** A table of texts, each once, with the files that have it. */
function groupedTable(
  titles: readonly string[],
  texts: readonly SourceText[],
  cellsOf: (text: SourceText) => readonly string[],
): string {
  const found = new Map<string, { cells: readonly string[]; files: Set<string> }>();
  for (const text of texts) {
    const cells = cellsOf(text);
    const key = JSON.stringify(cells);
    const row = found.get(key) ?? { cells, files: new Set<string>() };
    row.files.add(text.file);
    found.set(key, row);
  }
  return table(
    [...titles, 'File'],
    [...found.values()].map(({ cells, files }) => [...cells, [...files].join(' ')]),
  );
}

/** Whether a text is in one of these folders or files. */
function inRooms(...rooms: readonly string[]): (text: SourceText) => boolean {
  return ({ file }) => rooms.some((room) => file.startsWith(`${room}/`) || file === `${room}.ts`);
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}

const code = (text: string) => `\`${text}\``;

/** The text of a cell: Markdown and HTML in it are shown as they are. */
function cell(text: string): string {
  return text
    .trim()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('|', '\\|')
    .replaceAll('*', '\\*')
    .replaceAll('](', ']\\(')
    .replaceAll('\n', '<br>');
}
