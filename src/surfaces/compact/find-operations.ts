import { dropUndefined } from '../../errors.ts';
import type { Arguments, JsonObject } from '../../lib/json.ts';
import { findOperation } from '../../tools/catalogue.ts';
import { effects, groups } from '../../tools/published.ts';
import type { Tool } from '../../tools/tool.ts';
import type { OperationIndex } from '../offer.ts';
import { searchIn } from './search.ts';

/** How many are told where no limit is given, and how many of them with their schema. */
const usualLimit = 5;
const maxSchemas = 3;

/** Characters of all schemas together, about 400 tokens; the first is told in any case. */
const maxCharacters = 1_600;

/**
 * What `find_operations` answers: the best first, without words in the order of the API's reference. The columns of a list
 * are told too: names to filter and to order by.
 */
export function searchOperations(
  { query, group, effect, limit = usualLimit }: Arguments,
  index: OperationIndex,
): JsonObject {
  const fitting = ranked(String(query ?? ''), index).filter(
    ({ name }) =>
      (group === undefined || isIn(String(group), name)) &&
      (effect === undefined || effects[name] === effect),
  );
  const shown = fitting.slice(0, Number(limit));
  let left = maxCharacters;
  const operations = shown.map((tool, place) => {
    left -= JSON.stringify(tool.inputSchema).length;
    const isDescribed = place === 0 || (place < maxSchemas && left >= 0);
    const { name: id, description: text, inputSchema } = tool;
    const details = isDescribed
      ? { arguments: inputSchema, columns: findOperation(id)?.listing?.columns }
      : {};
    return dropUndefined({ id, effect: effects[id], text, ...details });
  });
  const more = fitting.length - shown.length;
  if (operations.length > 0) return more > 0 ? { operations, more } : { operations };
  return { operations, groups: [...new Set(index.tools.map(({ name }) => groups[name]))] };
}

function ranked(query: string, index: OperationIndex): readonly Tool[] {
  if (query.trim() === '') return index.tools;
  const byName = new Map(index.tools.map((tool) => [tool.name, tool]));
  return searchIn(index.tools)
    .rank(query)
    .flatMap((name) => byName.get(name) ?? []);
}

/** A group by its name or by the prefix of its operations, in whatever spelling. */
function isIn(group: string, name: string): boolean {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z]/g, '');
  return [groups[name] ?? '', name.split('_')[0] ?? ''].some((one) => plain(one) === plain(group));
}
