import { effects } from './published.ts';
import type { Tool } from './tool.ts';

/**
 * The names of operations grouped by prefix: `accounts: list get delete!`, where `!` marks the effect destroy. Prefixes with
 * the same names share a line.
 */
export function toolIndex(tools: readonly Tool[]): string {
  const verbs = new Map<string, string[]>();
  for (const { name } of tools) {
    const cut = name.indexOf('_');
    const [prefix, verb] = [name.slice(0, cut), name.slice(cut + 1)];
    const known = verbs.get(prefix) ?? [];
    verbs.set(prefix, [...known, effects[name] === 'destroy' ? `${verb}!` : verb]);
  }
  const prefixes = new Map<string, string[]>();
  for (const [prefix, names] of verbs) {
    const line = names.join(' ');
    prefixes.set(line, [...(prefixes.get(line) ?? []), prefix]);
  }
  return [...prefixes].map(([line, some]) => `${some.join(', ')}: ${line}`).join('\n');
}
