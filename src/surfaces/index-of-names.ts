import { effects, type Tool } from './published.ts';

/** The names of these operations by their prefix: `accounts: list get delete!`, where `!` marks what destroys. */
export function indexOfNames(tools: readonly Tool[]): string {
  const verbs = new Map<string, string[]>();
  for (const { name } of tools) {
    const cut = name.indexOf('_');
    const [prefix, verb] = [name.slice(0, cut), name.slice(cut + 1)];
    const known = verbs.get(prefix) ?? [];
    verbs.set(prefix, [...known, effects[name] === 'destroy' ? `${verb}!` : verb]);
  }
  return [...verbs].map(([prefix, names]) => `${prefix}: ${names.join(' ')}`).join('\n');
}
