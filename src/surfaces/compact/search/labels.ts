import { groups } from '../../../tools/published.ts';

/** The verbs that operations of several groups have. */
export const verbs: ReadonlySet<string> = new Set(['list', 'get', 'create', 'update', 'patch', 'delete']);

/** The verb of an operation's name: `list` of `accounts_list`. */
export function verbOf(name: string): string {
  return name.split('_')[1] ?? '';
}

/** What a tool is, does and acts on, each of which other tools may share. */
export function labelsOf(name: string): readonly string[] {
  const verb = verbOf(name);
  return [name, `group:${groups[name] ?? name}`, `verb:${verbs.has(verb) ? verb : name}`];
}
