import { hiddenReasonTexts } from '../../access/hidden-reasons.ts';
import { hiddenReason, pinnedTools, type View } from '../../access/visibility.ts';
import { dropUndefined } from '../../errors.ts';
import type { Arguments, JsonObject } from '../../lib/json.ts';
import { findOperation } from '../../tools/catalogue.ts';
import { effectOf } from '../../tools/effect-of.ts';
import { groups } from '../../tools/published.ts';
import type { Tool } from '../../tools/tool.ts';
import { toolIndex } from '../../tools/tool-index.ts';
import { nameIn } from './name-in.ts';
import type { OperationIndex } from './operation-index.ts';
import { searchIn } from './search/search.ts';

/** How many operations are returned by default, and how many of them with their schema. */
const defaultLimit = 5;
const maxSchemas = 3;

/** How many of the best matches are looked at for those that are not available. */
const maxLeftOut = 2;

/** Characters of all schemas together, about 400 tokens. The first schema is always included. */
const maxCharacters = 1_600;

/**
 * The result of `find_operations`: the best matches first; without a query, in the order of the API reference. Of lists it
 * includes the columns, by which rows can be filtered and ordered. Without arguments, the names of all operations.
 */
export function searchOperations(args: Arguments, index: OperationIndex, view: View): JsonObject {
  if (Object.keys(args).length === 0) return namesByPrefix(index);
  const { query, group, effect, limit = defaultLimit } = args;
  const words = String(query ?? '');
  const fitting = ranked(words, index).filter(
    ({ name }) =>
      (group === undefined || isInGroup(String(group), name)) &&
      (effect === undefined || effectOf(name) === effect),
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
    return dropUndefined({ id, effect: effectOf(id), text, ...details });
  });
  const more = fitting.length - shown.length;
  const isNothing = operations.length === 0;
  return dropUndefined({
    operations,
    more: more > 0 ? more : undefined,
    left_out: leftOut(words, view),
    groups: isNothing ? [...new Set(index.tools.flatMap(({ name }) => groups[name] ?? []))] : undefined,
  });
}

/** The best matches that this caller may not use, so that a model does not take the next best for them. */
function leftOut(query: string, view: View): readonly JsonObject[] | undefined {
  if (query.trim() === '') return undefined;
  const tools = pinnedTools(view.pins);
  if (tools.every(({ name }) => hiddenReason(name, view) === undefined)) return undefined;
  const named = findNamed(query, tools);
  const best = named ? [named.name] : searchIn(tools).rank(query).slice(0, maxLeftOut);
  const found = best.flatMap((id) => {
    const reason = hiddenReason(id, view);
    return reason === undefined ? [] : [{ id, why: hiddenReasonTexts[reason] }];
  });
  return found.length > 0 ? found : undefined;
}

function namesByPrefix({ tools }: OperationIndex): JsonObject {
  return {
    by_prefix: toolIndex(tools),
    note: 'accounts: list is accounts_list. ! marks the effect destroy.',
  };
}

function ranked(query: string, index: OperationIndex): readonly Tool[] {
  if (query.trim() === '') return index.tools;
  const named = findNamed(query, index.tools);
  if (named) return [named];
  const byName = new Map(index.tools.map((tool) => [tool.name, tool]));
  return searchIn(index.tools)
    .rank(query)
    .flatMap((name) => byName.get(name) ?? []);
}

/** The tool whose name is the whole query. */
function findNamed(query: string, tools: readonly Tool[]): Tool | undefined {
  const name = nameIn(
    query,
    tools.map((tool) => tool.name),
  );
  return tools.find((tool) => tool.name === name);
}

/** Whether an operation is in a group, named in any spelling or by the prefix of its operations. */
function isInGroup(group: string, name: string): boolean {
  const normalize = (text: string) => text.toLowerCase().replaceAll(/[^a-z]/g, '');
  const wanted = normalize(group);
  return (
    wanted !== '' && [groups[name] ?? '', name.split('_')[0] ?? ''].some((one) => normalize(one) === wanted)
  );
}
