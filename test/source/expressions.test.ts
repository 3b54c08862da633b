import { readdirSync, readFileSync } from 'node:fs';
import { check } from 'recheck';
import { expect, test } from 'vitest';
import { parseAst } from 'vitest/node';

/*
 * One caller's text must not stop the server for all: every regular expression takes a time that grows with the text no
 * faster than the text does, whatever the text is.
 */

interface Expression {
  readonly where: string;
  readonly pattern: string;
  readonly flags: string;
}

const source = new URL('../../src/', import.meta.url);
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const textOf = (file: string) => readFileSync(new URL(file, source), 'utf8');

/** The regular expressions that a file writes out. */
function literalsOf(file: string): Expression[] {
  const found: Expression[] = [];
  const look = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('regex' in node) {
      const { pattern, flags } = node.regex as { pattern: string; flags: string };
      found.push({ where: file, pattern, flags });
      return;
    }
    Object.values(node).forEach(look);
  };
  look(parseAst(textOf(file), { lang: 'ts' }));
  return found;
}

const literals = files.flatMap(literalsOf);

async function faultOf({ where, pattern, flags }: Expression): Promise<string[]> {
  const { status, ...found } = await check(pattern, flags, { timeout: 60_000, randomSeed: 1 });
  if (status === 'safe') return [];
  const attack = 'attack' in found ? `, by ${found.attack?.pattern}` : '';
  return [`${where}: /${pattern}/${flags} is ${status}${attack}`];
}

async function faultsOf(expressions: readonly Expression[]): Promise<string[]> {
  const each = new Map(expressions.map((one) => [`/${one.pattern}/${one.flags}`, one]));
  return (await Promise.all([...each.values()].map(faultOf))).flat();
}

test('the check finds expressions, and reports slow ones', async () => {
  expect(literals.length).toBeGreaterThan(200);
  expect(await faultsOf([{ where: 'here', pattern: '^(a+)+$', flags: '' }])).toHaveLength(1);
  expect(await faultsOf([{ where: 'here', pattern: '\\s+$', flags: '' }])).toHaveLength(1);
});

test('every regular expression runs in linear time', { timeout: 120_000 }, async () => {
  expect(await faultsOf(literals)).toEqual([]);
});

test('no regular expression is built from text at run time', () => {
  expect(files.filter((file) => /\bRegExp\(/.test(textOf(file)))).toEqual([]);
});
