import { findRespelled } from '../../lib/respelled-name.ts';

/**
 * The known name that a query consists of, in any spelling: `Accounts_List`, `accounts.list`, `"accounts_list"`. A query of
 * several words asks for what they mean, even where they are those of a name.
 */
export function nameIn(query: string, known: readonly string[]): string | undefined {
  const name = query.trim();
  return /\s/.test(name) ? undefined : findRespelled(name, known);
}
