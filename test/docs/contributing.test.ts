import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import packageFile from '../../package.json' with { type: 'json' };
import { settings } from '../../src/config/settings.ts';
import { builtinTools } from '../../src/tools/builtin/index.ts';
import { workflows } from '../../src/tools/workflows/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const decisions = readdirSync(join(root, 'docs/adr')).filter((file) => /^\d/.test(file));
const pages = [
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'docs/adr/README.md',
  ...decisions.map((file) => `docs/adr/${file}`),
];

describe.each(pages)('%s', (page) => {
  const text = read(page);

  test('links to files that are there', () => {
    const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });

  test('links to headings that are there', () => {
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    const anchors = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(anchors.filter((anchor) => !headings.includes(anchor))).toEqual([]);
  });

  test('names files of the repository that are there', () => {
    const named = [...text.matchAll(/`((?:src|test|scripts|docs|examples)\/[\w./-]*)`/g)].map(
      ([, path = '']) => path,
    );
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('names scripts of package.json that are there', () => {
    const scripts = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
    expect(scripts.filter((name) => !Object.keys(packageFile.scripts).includes(name ?? ''))).toEqual([]);
  });
});

test('the index of decisions lists each, by its number and title', () => {
  const index = read('docs/adr/README.md');
  for (const [place, file] of decisions.sort().entries()) {
    const number = place + 1;
    expect(file.startsWith(String(number).padStart(4, '0'))).toBe(true);
    const [, title] = /^# (\d+\. .+)\n/.exec(read(`docs/adr/${file}`)) ?? [];
    const [, label] = new RegExp(`\\[${number}\\]\\(${file}\\) \\| ([^|]+) \\|`).exec(index) ?? [];
    expect(title).toBe(`${number}. ${label}`);
  }
});

test('every decision has a context, a decision and consequences', () => {
  for (const file of decisions) {
    const sections = [...read(`docs/adr/${file}`).matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(sections, file).toEqual(['Context', 'Decision', 'Consequences']);
  }
});

test('the rooms that CONTRIBUTING describes are the files and folders of src/', () => {
  const [, table = ''] = /## The rooms of src\/\n([\s\S]*?)\nImports run/.exec(read('CONTRIBUTING.md')) ?? [];
  const rooms = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+?)\/?`/g)].map(([, room]) => room),
  );
  expect(rooms.sort()).toEqual(readdirSync(join(root, 'src')).sort());
});

test('CONTRIBUTING names folders and files of one call in the pipeline that are there', () => {
  const [, steps = ''] = /## How a call runs\n([\s\S]*?)\n## /.exec(read('CONTRIBUTING.md')) ?? [];
  const named = [...steps.matchAll(/\*\*([\w/-]+)\*\*/g)].map(([, path = '']) => `src/pipeline/${path}`);
  expect(named.length).toBeGreaterThanOrEqual(9);
  const isThere = (path: string) => existsSync(join(root, path)) || existsSync(join(root, `${path}.ts`));
  expect(named.filter((path) => !isThere(path))).toEqual([]);
});

test('the text that the first change replaces is there, and is not yet what it becomes', () => {
  const guide = read('CONTRIBUTING.md');
  const [, changed = ''] = /another `summary`: `'([^`]+)'`/.exec(guide) ?? [];
  const [, call = ''] = /echo '(\{.+\})'/.exec(guide) ?? [];
  const { name } = JSON.parse(call).params;
  const { description } = JSON.parse(read(`test/tools/snapshots/${name}.json`));
  expect(changed).toMatch(/^[A-Z].*\.$/);
  expect(description).not.toBe(changed);
  expect(read('src/tools/operations/accounts.ts')).toContain(`summary: '${description}'`);
});

test('the changelog has every built-in tool and every flag', () => {
  const named = new Set(
    [...read('CHANGELOG.md').matchAll(/`(?:--)?([\w-]+)[^`]*`/g)].map(([, name]) => name),
  );
  const flags = Object.values(settings).flatMap(({ flag }) => flag ?? []);
  expect(
    [...flags, ...[...workflows, ...builtinTools].map(({ id }) => id)].filter((name) => !named.has(name)),
  ).toEqual([]);
});
