import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Node, nodesOf, sourceFiles, textOf } from './source-files.ts';

/*
 * A cast to `never` or `any`, over `unknown`, or to AbortSignal switches the compiler off: whatever changes behind it is
 * found by nobody. The protocol and the tests may need one; then a comment right above it says why.
 */

/** Lines of the casts in a text that the compiler cannot check, beginning with 1. */
function castsIn(text: string): readonly number[] {
  return nodesOf(text)
    .filter(isUnchecked)
    .map(({ start }) => text.slice(0, start as number).split('\n').length);
}

function isUnchecked({ type, typeAnnotation, expression }: Node): boolean {
  if (type !== 'TSAsExpression' && type !== 'TSTypeAssertion') return false;
  const target = typeAnnotation as Node;
  if (target.type === 'TSNeverKeyword' || target.type === 'TSAnyKeyword') return true;
  if ((target.typeName as Node | undefined)?.name === 'AbortSignal') return true;
  const inner = withoutParentheses(expression as Node);
  return inner.type === 'TSAsExpression' && (inner.typeAnnotation as Node).type !== 'TSTypeReference';
}

function withoutParentheses(node: Node): Node {
  return node.type === 'ParenthesizedExpression' ? withoutParentheses(node.expression as Node) : node;
}

/** Casts without a comment in the line above, or at the end of their own. */
function unexplainedIn(text: string): readonly number[] {
  const lines = text.split('\n');
  return castsIn(text).filter((line) => {
    const [above, own] = [lines[line - 2] ?? '', lines[line - 1] ?? ''];
    return !/^\s*(\/\/|\/?\*)/.test(above) && !/\s\/\/ /.test(own);
  });
}

test('casts that switch the compiler off are found, and no others', () => {
  const found = ['const a = b as never;', 'call(b as any);', 'const a = b as unknown as C;', 'f(<never>b);'];
  for (const text of [...found, 'const a = b as AbortSignal;', 'const a = (b as object) as C;'])
    expect(castsIn(text), text).toEqual([1]);
  for (const text of [
    'const a = b as C;',
    'const a = [1] as const;',
    "const a = 'b as never';",
    '// b as never',
  ])
    expect(castsIn(text), text).toEqual([]);
});

test('a reason stands above a cast or beside it', () => {
  expect(unexplainedIn('// The SDK has no type for it.\nconst a = b as never;')).toEqual([]);
  expect(unexplainedIn('const a = b as never; // The SDK has no type for it.')).toEqual([]);
  expect(unexplainedIn('const c = d;\nconst a = b as never;')).toEqual([2]);
});

test('the source has none outside the protocol', () => {
  const others = sourceFiles.filter((file) => !file.startsWith('protocol/'));
  expect(others.flatMap((file) => castsIn(textOf(file)).map((line) => `${file}:${line}`))).toEqual([]);
});

test('those of the protocol and of tests have a reason', () => {
  const root = new URL('../../', import.meta.url);
  const files = ['src/protocol/', 'test/', 'bench/', 'demo/', 'evals/'].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `${folder}${file}`),
  );
  const found = files.flatMap((file) =>
    unexplainedIn(readFileSync(new URL(file, root), 'utf8')).map((line) => `${file}:${line}`),
  );
  expect(found).toEqual([]);
});
