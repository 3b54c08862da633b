import { getOrCreate } from '../../lib/get-or-create.ts';
import { isJsonObject, type JsonObject, parseJson } from '../../lib/json.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { ToolDefinition } from '../../tools/define-tool.ts';
import { withoutBookkeeping } from './bookkeeping.ts';

/*
 * Other names under which arguments are accepted: camelCase, in which the API spells the parameters of its paths;
 * `account_id` for the owner of credentials; words that a list can be searched for; and `tool` for `operation`, or the other
 * way round, since both name what a call is of.
 */

type NamedTool = Pick<ToolDefinition, 'input'> &
  Partial<Pick<Operation, 'pinRule' | 'searchNames' | 'replacesWhole'>>;

/** Arguments under the tool's own names, and without those that the client added for its own use. */
export function normalizeArguments(tool: NamedTool, raw: unknown): unknown {
  return withOwnNames(tool, withCallsByOperation(tool, withoutBookkeeping(tool, raw)));
}

/** Calls of a list, which name their operation as `operation`, and in some chats as `tool`. */
function withCallsByOperation({ input }: NamedTool, raw: unknown): unknown {
  if (!isJsonObject(raw) || !('calls' in input.shape)) return raw;
  const given = typeof raw.calls === 'string' ? parseJson(raw.calls) : raw.calls;
  if (!Array.isArray(given) || !given.some(isNamedByTool)) return raw;
  const calls = given.map((call) => {
    if (!isNamedByTool(call)) return call;
    const { tool: operation, ...rest } = call;
    return { operation, ...rest };
  });
  return { ...raw, calls };
}

/** Whether a call of a list names its operation as `tool` only. A call with both names is refused. */
function isNamedByTool(call: unknown): call is JsonObject {
  return isJsonObject(call) && Object.hasOwn(call, 'tool') && !Object.hasOwn(call, 'operation');
}

/**
 * Arguments under the tool's own names. Those of an argument that is given more than once keep the names as given, so that
 * the call is refused.
 */
export function withOwnNames(tool: NamedTool, raw: unknown): unknown {
  if (!isJsonObject(raw)) return raw;
  const renamed = new Map<string, string>();
  const searched: string[] = [];
  for (const [own, others] of findOthers(tool, raw)) {
    if (isClash(tool, raw, own, others)) continue;
    if (isSearch(tool, own)) searched.push(...others);
    else for (const other of others) renamed.set(other, own);
  }
  if (renamed.size === 0 && searched.length === 0) return raw;
  // An own name beside another one is empty here.
  const replaced = new Set([...searched, ...renamed.values()]);
  const entries = Object.entries(raw)
    .filter(([name]) => !replaced.has(name))
    .map(([name, value]): [string, unknown] => [renamed.get(name) ?? name, value]);
  const args = Object.fromEntries(entries);
  return searched.length === 0 ? args : { ...args, ...searchFor(tool, raw, searched) };
}

/** The problem of each argument that is given under another name as well. */
export function describeClashes(tool: NamedTool, given: unknown): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
  if (!isJsonObject(given)) return problems;
  for (const [own, others] of findOthers(tool, given)) {
    if (!isClash(tool, given, own, others)) continue;
    const names = [own, ...others].filter((name) => isGiven(tool, given, name));
    const advice = names.length > 1 ? `give only one of ${names.join(', ')}` : `give ${own} a text`;
    for (const other of others) problems.set(other, `is another name of ${own}: ${advice}`);
  }
  const calls = 'calls' in tool.input.shape && Array.isArray(given.calls) ? given.calls : [];
  for (const [index, call] of calls.entries()) {
    if (isJsonObject(call) && Object.hasOwn(call, 'tool'))
      problems.set(`calls.${index}.tool`, 'is another name of operation: give only one of operation, tool');
  }
  return problems;
}

/** Own names of arguments, with the other names under which each is given. */
function findOthers(tool: NamedTool, given: JsonObject): ReadonlyMap<string, readonly string[]> {
  const { shape } = tool.input;
  const found = new Map<string, string[]>();
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(shape, name)) continue;
    const own = otherNamesOf(tool).get(name) ?? ownerUnder(name, tool, given);
    if (own !== undefined && isGiven(tool, given, name)) found.set(own, [...(found.get(own) ?? []), name]);
  }
  return found;
}

/** Whether an argument is given. Clients leave arguments empty that they do not use; in an update, null clears a field. */
function isGiven({ replacesWhole = false }: NamedTool, given: JsonObject, name: string): boolean {
  if (!Object.hasOwn(given, name)) return false;
  return replacesWhole || (given[name] !== '' && given[name] !== null);
}

/** Whether an argument is given more than once. Several words can be searched for together. */
function isClash(tool: NamedTool, given: JsonObject, own: string, others: readonly string[]): boolean {
  if (isGiven(tool, given, own)) return true;
  return isSearch(tool, own) ? others.some((name) => !isWords(given[name])) : others.length > 1;
}

const otherNames = new WeakMap<NamedTool['input'], ReadonlyMap<string, string>>();

/** The other names of a tool's arguments, and the argument that each stands for. */
function otherNamesOf({ input, searchNames = {} }: NamedTool): ReadonlyMap<string, string> {
  return getOrCreate(otherNames, input, () => {
    const words = Object.keys(searchNames).flatMap((name) => [name, toCamelCase(name)]);
    const names = [
      ...Object.keys(input.shape).map((name): [string, string] => [toCamelCase(name), name]),
      ...words.map((name): [string, string] => [name, 'search']),
    ];
    if ('tool' in input.shape) names.push(['operation', 'tool']);
    if ('operation' in input.shape) names.push(['tool', 'operation']);
    return new Map(names.filter(([name]) => !Object.hasOwn(input.shape, name)));
  });
}

const toCamelCase = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const accountNames: readonly string[] = ['account_id', 'accountId'];

/** The argument for the owner of credentials if it is given as `account_id`, unless the call is about another type of owner. */
function ownerUnder(name: string, { pinRule, input }: NamedTool, given: JsonObject): string | undefined {
  if (pinRule?.kind !== 'owner' || !accountNames.includes(name) || 'account_id' in input.shape)
    return undefined;
  const { by, type } = pinRule;
  const typeGiven = type && (given[type] ?? given[toCamelCase(type)]);
  return /^(account)?$/i.test(String(typeGiven ?? '').trim()) ? by : undefined;
}

const isSearch = ({ searchNames }: NamedTool, own: string) => searchNames !== undefined && own === 'search';

const isWords = (value: unknown) =>
  typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'));

/** The search for all given words, in a list that is expanded by what they are found in. */
function searchFor({ searchNames = {} }: NamedTool, given: JsonObject, names: readonly string[]): JsonObject {
  const expanded = names.flatMap((name) => {
    const own = Object.keys(searchNames).find((one) => one === name || toCamelCase(one) === name);
    return own === undefined ? [] : (searchNames[own] ?? []);
  });
  const search = names.flatMap((name) => given[name]).join(' ');
  if (expanded.length === 0) return { search };
  const { expand } = given;
  const expandGiven = Array.isArray(expand) ? expand : (String(expand ?? '').match(/\w+/g) ?? []);
  return { search, expand: [...new Set([...expandGiven, ...expanded])] };
}
