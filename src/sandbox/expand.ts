/*
 * The `expand` parameter of lists: related objects in full, under their singular, plural or `all`.
 */
import type { SandboxRequest } from './model.ts';

type Fields = Record<string, unknown>;

/** Whether the request asks for a component, such as `account`. */
export function expands({ query }: Pick<SandboxRequest, 'query'>, component: string): boolean {
  return (query.expand ?? []).some((name) => [component, `${component}s`, 'all'].includes(name));
}

/** Fields of an expanded component to filter and order by, behind its name, as in `account.name`. */
export function componentFields(component: string, names: readonly string[]) {
  return Object.fromEntries(
    names.map((name) => [
      `${component}.${name}`,
      (item: Fields) => (item[component] as Fields | undefined)?.[name],
    ]),
  );
}
