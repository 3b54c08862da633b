import { readdirSync, readFileSync } from 'node:fs';
import { parseAst } from 'vitest/node';

/** A node of a syntax tree. */
export type Node = Readonly<Record<string, unknown>> & { readonly type: string };

const source = new URL('../../src/', import.meta.url);

/** Paths of all source files, below `src/`. */
export const sourceFiles = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'));

export const textOf = (file: string): string => readFileSync(new URL(file, source), 'utf8');

/** Every node of a source text, comments excepted. */
export function nodesOf(text: string): readonly Node[] {
  const found: Node[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('type' in value && typeof value.type === 'string') found.push(value as Node);
    Object.values(value).forEach(visit);
  };
  visit(parseAst(text, { lang: 'ts' }));
  return found;
}
