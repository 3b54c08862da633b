import { dropUndefined } from '../../errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Arguments } from '../../pipeline/arguments/parse.ts';
import { findOperation } from '../../tools/catalogue.ts';
import { effects, groups, type Tool } from '../../tools/published.ts';
import type { Offer } from '../offer.ts';
import { searchIn } from './search.ts';

/** How many are told where no limit is given, and how many of them with their schema. */
const usualLimit = 5;
const mostSchemas = 3;
/** Characters of all schemas together, about 400 tokens; the first is told in any case. */
const mostCharacters = 1_600;

/**
 * What `find_operations` answers: the best first, without words in the order of the API's reference. The columns of a list
 * are told too: names to filter and to order by.
 */
export function find({ query, group, effect, limit = usualLimit }: Arguments, offer: Offer): JsonObject {
  const fitting = ranked(String(query ?? ''), offer).filter(
    ({ name }) =>
      (group === undefined || isIn(String(group), name)) &&
      (effect === undefined || effects[name] === effect),
  );
  const shown = fitting.slice(0, Number(limit));
  let left = mostCharacters;
  const operations = shown.map((tool, place) => {
    left -= JSON.stringify(tool.inputSchema).length;
    const isTold = place === 0 || (place < mostSchemas && left >= 0);
    const { name: id, description: text, inputSchema } = tool;
    const details = isTold ? { arguments: inputSchema, columns: findOperation(id)?.listing?.columns } : {};
    return dropUndefined({ id, effect: effects[id], text, ...details });
  });
  const more = fitting.length - shown.length;
  if (operations.length > 0) return more > 0 ? { operations, more } : { operations };
  return { operations, groups: [...new Set(offer.tools.map(({ name }) => groups[name]))] };
}

function ranked(query: string, offer: Offer): readonly Tool[] {
  if (query.trim() === '') return offer.tools;
  const byName = new Map(offer.tools.map((tool) => [tool.name, tool]));
  return searchIn(offer.tools)
    .rank(query)
    .flatMap((name) => byName.get(name) ?? []);
}

/** A group by its name or by the prefix of its operations, in whatever spelling. */
function isIn(group: string, name: string): boolean {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z]/g, '');
  return [groups[name] ?? '', name.split('_')[0] ?? ''].some((one) => plain(one) === plain(group));
}
