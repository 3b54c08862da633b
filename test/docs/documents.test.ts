import { existsSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import packageFile from '../../package.json' with { type: 'json' };
import { markdownFiles, root } from '../../scripts/docs-files.ts';
import { updateTables } from '../../scripts/docs-tables.ts';
import { addConnectCommand } from '../../src/cli/connect-command.ts';
import { addDoctorCommand } from '../../src/cli/doctor-command.ts';
import { addInitCommand } from '../../src/cli/init-command.ts';
import { addSandboxCommand } from '../../src/cli/sandbox-command.ts';
import { addTokenCommand } from '../../src/cli/token-command.ts';
import { addToolsCommand } from '../../src/cli/tools-command.ts';
import { settings } from '../../src/config/settings.ts';
import { errorCodes } from '../../src/errors.ts';
import { builtinTools } from '../../src/tools/builtin/index.ts';
import { catalogue } from '../../src/tools/catalogue.ts';
import { workflows } from '../../src/tools/workflows/index.ts';
import { filterHeaders } from '../../src/transports/http/client-filters.ts';

const documents = markdownFiles().map(({ name, url }) => ({ name, text: readFileSync(url, 'utf8') }));
const textOf = (wanted: string) => documents.find(({ name }) => name === wanted)?.text ?? '';
/** What users read; the rest is for developers, and may name things of the past or of other programs. */
const guides = documents.filter(
  ({ name }) =>
    name === 'README.md' ||
    name === 'SECURITY.md' ||
    (name.startsWith('docs/') && !name.startsWith('docs/adr/')),
);

test('the README has at most 120 lines', () => {
  expect(textOf('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(120);
});

test('the README links to every page of docs/ that is not in an index of its own', () => {
  const pages = guides.filter(({ name }) => /^docs\/[^/]+\.md$/.test(name));
  expect(pages.length).toBeGreaterThan(5);
  for (const { name } of pages) expect(textOf('README.md')).toContain(`](${name})`);
});

test('the index of clients links to every page of docs/clients/', () => {
  const pages = guides.filter(({ name }) => name.startsWith('docs/clients/'));
  expect(pages.length).toBeGreaterThan(3);
  for (const { name } of pages)
    expect(textOf('docs/clients.md')).toContain(`](${name.slice('docs/'.length)})`);
});

test('the tables of settings, tools and error codes are up to date (npm run docs)', () => {
  for (const { name, text } of documents) expect(updateTables(name, text), name).toBe(text);
});

test('every npm script that a document names exists', () => {
  for (const { name, text } of documents) {
    const scripts = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script);
    for (const script of scripts) expect(Object.keys(packageFile.scripts), name).toContain(script);
  }
  expect(textOf('README.md')).toContain('npm run demo');
  expect(textOf('README.md')).toContain('npm test');
});

test('every program of this repository that a guide starts exists', () => {
  const started = guides.flatMap(({ text }) => [
    ...text.matchAll(/(?:node|tsx) ((?:scripts|examples|demo|bench)\/\S+)/g),
  ]);
  for (const [, path = ''] of started) expect(existsSync(new URL(path, root)), path).toBe(true);
});

test('every JSON example can be parsed', () => {
  const examples = documents.flatMap(({ name, text }) =>
    [...text.matchAll(/```json\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
      // JSON lines, such as those of the audit log, are one value a line.
      (block.startsWith('{"type":"audit"') ? block.trim().split('\n') : [block]).map((json) => ({
        name,
        json,
      })),
    ),
  );
  expect(examples.length).toBeGreaterThan(5);
  for (const { name, json } of examples) expect(() => JSON.parse(json), `${name}: ${json}`).not.toThrow();
});

test('every relative link of a document leads to a file, and to a heading of it', () => {
  const broken: string[] = [];
  let count = 0;
  for (const { name, text } of documents) {
    for (const target of linksOf(text)) {
      if (/^[a-z]+:/i.test(target)) continue;
      count += 1;
      const [path = '', anchor] = target.split('#');
      const url = path === '' ? new URL(name, root) : new URL(path, new URL(name, root));
      if (!existsSync(url)) broken.push(`${name}: ${target} (no such file)`);
      else if (anchor !== undefined && !anchorsOf(readFileSync(url, 'utf8')).has(anchor)) {
        broken.push(`${name}: ${target} (no such heading)`);
      }
    }
  }
  expect(count).toBeGreaterThan(50);
  expect(broken).toEqual([]);
});

/** Flags of other programs that the guides start, among them the benchmarks. */
const benchFlags = ['--beside', '--only', '--connections', '--rounds', '--requests', '--skip-memory'];
const inspectorFlags = ['--cli', '--method', '--tool-name'];
const otherFlags = ['--env', '--header', '--help', ...benchFlags, ...inspectorFlags];

test('every flag that a guide names is one of the command line', () => {
  const commands = new Command();
  for (const add of [
    addConnectCommand,
    addDoctorCommand,
    addInitCommand,
    addSandboxCommand,
    addToolsCommand,
    addTokenCommand,
  ])
    add(commands);
  const known = new Set([
    ...Object.values(settings).flatMap((setting) => ('flag' in setting ? [`--${setting.flag}`] : [])),
    ...commandsOf(commands).flatMap(({ options }) => options.map(({ long }) => long)),
    ...otherFlags,
  ]);
  const unknown = guides.flatMap(({ name, text }) =>
    [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)]
      .filter(([flag]) => !known.has(flag))
      .map(([flag]) => `${name}: ${flag}`),
  );
  expect(unknown).toEqual([]);
});

test('every flag and variable of a setting is in the table of settings', () => {
  const table = textOf('docs/configuration.md');
  for (const setting of Object.values(settings)) {
    if (setting.env) expect(table).toContain(`\`${setting.env}\``);
    if ('flag' in setting) expect(table).toContain(`\`--${setting.flag}`);
  }
});

test('the variable of a flag is SYNQLY_ and the flag in capitals', () => {
  for (const setting of Object.values(settings)) {
    if ('flag' in setting)
      expect(setting.env).toBe(`SYNQLY_${setting.flag.toUpperCase().replaceAll('-', '_')}`);
  }
});

test('every variable and header of this server that a guide names exists', () => {
  const variables = new Set(Object.values(settings).map(({ env }) => env));
  for (const { name, text } of guides) {
    for (const [variable] of text.matchAll(/\bSYNQLY_[A-Z_]*[A-Z]/g)) {
      if (variable.startsWith('SYNQLY_SECRET') && !variables.has(variable)) continue;
      expect(variables, `${name}: ${variable}`).toContain(variable);
    }
    for (const [header] of text.matchAll(/\bSynqly-[A-Z][\w-]*\w/g)) {
      expect(filterHeaders, name).toContain(header.toLowerCase());
    }
  }
});

test('every tool that a guide names exists', () => {
  const tools = new Set<string>([...catalogue, ...workflows, ...builtinTools].map(({ id }) => id));
  const others: ReadonlySet<string> = new Set(Object.keys(errorCodes));
  const prefixes = new Set(catalogue.map(({ id }) => id.split('_')[0]));
  let count = 0;
  for (const { name, text } of guides) {
    for (const [, tool = ''] of text.matchAll(/`([a-zA-Z]+_[a-zA-Z_]+)`/g)) {
      if (!prefixes.has(tool.split('_')[0]) || others.has(tool)) continue;
      count += 1;
      expect(tools, name).toContain(tool);
    }
  }
  expect(count).toBeGreaterThan(5);
});

function linksOf(text: string): readonly string[] {
  const prose = text.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, 'code');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** The anchors that GitHub gives the headings of a text. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
    const slug = plain
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again += 1) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}

function commandsOf(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}
