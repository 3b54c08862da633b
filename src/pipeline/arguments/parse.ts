import type * as z from 'zod';
import { type ArgumentProblem, CallError } from '../../errors.ts';
import { ExactNumber } from '../../lib/exact-json.ts';
import { type Arguments, isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { argumentSchemaOf } from '../../tools/json-schema.ts';
import { coerceArguments, type Kind } from './coerce.ts';
import { exampleOf } from './example.ts';
import { listSyntaxOf } from './list-syntax.ts';
import { describeClashes } from './other-names.ts';
import { exceededLimit, isWithinLimits } from './size-limits.ts';
import { suggestArgument } from './suggestions.ts';
import { findTooLong } from './text-limits.ts';

/** The given arguments with these names. */
export function pick(args: Arguments, names: readonly string[]): JsonObject {
  const picked: JsonObject = {};
  for (const name of names) if (args[name] !== undefined) picked[name] = args[name];
  return picked;
}

type ParsableTool = Pick<Operation, 'id' | 'input'> &
  Partial<Pick<Operation, 'replacesWhole' | 'body' | 'pinRule' | 'searchNames'>>;

function kindOf({ replacesWhole }: ParsableTool): Kind {
  if (replacesWhole === undefined) return 'built-in tool';
  return replacesWhole ? 'update' : 'operation';
}

/**
 * Decodes and checks raw arguments.
 *
 * @throws CallError `invalid_arguments` with every invalid argument, but without values
 */
export function parseArguments(operation: ParsableTool, raw: unknown): Arguments {
  if (!isWithinLimits(raw)) throw new CallError('invalid_arguments', `The arguments hold ${exceededLimit}.`);
  const kind = kindOf(operation);
  const { value: decoded, faults: unclear } = coerceArguments(raw, argumentSchemaOf(operation), kind);
  // Checked again, since a decoded text may hold many values.
  if (!isWithinLimits(decoded))
    throw new CallError('invalid_arguments', `The arguments hold ${exceededLimit}.`);
  assertTextLengths(operation, decoded);
  const parsed = operation.input.safeParse(withoutExactNumbers(decoded));
  // The decoded arguments, not zod's copy, which drops keys such as __proto__. No field transforms its value.
  if (parsed.success && unclear.length === 0) return decoded as Arguments;
  const { issues = [] } = parsed.error ?? {};
  const clashes = describeClashes(operation, decoded);
  const { unknown, missing, suggested } = findMisnamed(operation, decoded, issues, clashes);
  // Problems of misnamed or undecodable arguments are already reported under the given name.
  const shown = [...suggested.values(), ...unclear.map(({ argument }) => argument)];
  const misfits = issues
    .flatMap((issue) => describeIssue(issue, decoded, kind === 'update'))
    .filter(({ argument }) => !shown.some((one) => argument === one || argument.startsWith(`${one}.`)))
    .map((one) => (isExactAt(decoded, one.argument) ? { ...one, problem: tooManyDigits } : one));
  const faults = [...unclear, ...misfits].map((one) => withClash(one, clashes));
  throw new CallError('invalid_arguments', `Invalid arguments for ${operation.id}.`, {
    arguments: limitFaults(faults.map((fault) => withSuggestion(fault, suggested))),
    acceptedArguments: unknown.length > 0 ? Object.keys(operation.input.shape) : undefined,
    example:
      unknown.length + missing.length + unclear.length > 0
        ? { ...exampleOf(operation, withoutFaulty(withSuggestedNames(decoded, suggested), unclear)) }
        : undefined,
  });
}

/** @throws CallError `invalid_arguments` with each text that is too long, and its limit */
function assertTextLengths(operation: ParsableTool, args: unknown): void {
  const faults = findTooLong(operation, args);
  if (faults.length === 0) return;
  throw new CallError('invalid_arguments', 'An argument has a text that is too long.', {
    arguments: limitFaults(faults),
  });
}

const tooManyDigits = 'has too many digits';

function isExactAt(args: unknown, argument: string): boolean {
  const step = (value: unknown, key: string) =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as JsonObject)[key]
      : undefined;
  return argument.split('.').reduce(step, args) instanceof ExactNumber;
}

/** Replaces exact numbers by bigints for zod: declared fields refuse a bigint, and open objects accept it. */
function withoutExactNumbers(value: unknown): unknown {
  if (value instanceof ExactNumber) return 0n;
  if (typeof value !== 'object' || value === null || !holdsExactNumber(value)) return value;
  if (Array.isArray(value)) return value.map(withoutExactNumbers);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutExactNumbers(part)]));
}

function holdsExactNumber(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof ExactNumber || Object.values(value).some(holdsExactNumber);
}

/** Unknown arguments, missing ones, and which known name each unknown one most likely means. */
function findMisnamed(
  { input }: Pick<Operation, 'input'>,
  given: unknown,
  issues: readonly Issue[],
  clashes: ReadonlyMap<string, string>,
) {
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [],
  );
  const names = Object.keys(isJsonObject(given) ? given : {});
  const missing = issues.flatMap(({ path: [name, ...rest] }) =>
    rest.length === 0 && typeof name === 'string' && !names.includes(name) ? [name] : [],
  );
  const unclear = unknown.filter((name) => !clashes.has(name));
  return { unknown, missing, suggested: suggestArgument(unclear, Object.keys(input.shape), names, missing) };
}

function withClash(fault: ArgumentProblem, clashes: ReadonlyMap<string, string>): ArgumentProblem {
  return { ...fault, problem: clashes.get(fault.argument) ?? fault.problem };
}

function withSuggestion(fault: ArgumentProblem, suggested: ReadonlyMap<string, string>): ArgumentProblem {
  const name = suggested.get(fault.argument);
  return name === undefined ? fault : { ...fault, problem: `${fault.problem}; did you mean ${name}?` };
}

/** The given arguments under the suggested names. */
function withSuggestedNames(given: unknown, suggested: ReadonlyMap<string, string>): JsonObject {
  const entries = Object.entries(isJsonObject(given) ? given : {});
  return Object.fromEntries(entries.map(([name, value]) => [suggested.get(name) ?? name, value]));
}

/** The arguments without the undecodable ones. */
function withoutFaulty(given: JsonObject, faults: readonly ArgumentProblem[]): JsonObject {
  const names = new Set(faults.map(({ argument }) => argument.split('.')[0]));
  return Object.fromEntries(Object.entries(given).filter(([name]) => !names.has(name)));
}

/** Faults that an error lists, to keep it short. */
const maxFaults = 8;

function limitFaults(faults: readonly ArgumentProblem[]): readonly ArgumentProblem[] {
  if (faults.length <= maxFaults) return faults;
  const rest = { argument: '...', problem: `${faults.length - maxFaults} more are not shown` };
  return [...faults.slice(0, maxFaults), rest];
}

type Issue = z.core.$ZodIssue;

function describeIssue(
  issue: Issue,
  given: unknown,
  isUpdate: boolean,
  base: readonly PropertyKey[] = [],
): ArgumentProblem[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ argument: dotted([...path, key]), problem: 'is unknown' }));
  }
  if (issue.code === 'invalid_union') {
    // The discriminator matched one variant. Only the issues of that variant help.
    const closest = [...issue.errors].sort((one, other) => one.length - other.length)[0] ?? [];
    if (closest.length > 0) return closest.flatMap((inner) => describeIssue(inner, given, isUpdate, path));
  }
  const argument = dotted(path) || 'arguments';
  if (issue.code !== 'invalid_type') return [{ argument, problem: problemOf(issue) }];
  const problem = listSyntaxOf(argument) ?? typeProblem(issue, valueAt(given, path));
  // Only for updates: elsewhere null means not given.
  const isKept = isUpdate && path.length === 1 && issue.message.endsWith('received null');
  return [{ argument, problem: isKept ? `${problem}; leave it out to keep its value` : problem }];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (part, key) => (typeof part === 'object' && part !== null ? part[key as keyof typeof part] : undefined),
    value,
  );
}

/** Hints for types that clients often write in the syntax of another language. */
const forms: Readonly<Record<string, string>> = {
  array: ': give JSON, such as ["a","b"]',
  object: ': give JSON, such as {"a":"b"}',
  boolean: ': true or false',
};

function typeProblem(issue: Extract<Issue, { code: 'invalid_type' }>, value: unknown): string {
  // JSON Schema names, as in the published schema.
  const names: Readonly<Record<string, string>> = { int: 'integer', record: 'object' };
  const expected = names[issue.expected] ?? issue.expected;
  if (issue.message.endsWith('received undefined')) return `is required (${expected})`;
  if (issue.message.endsWith('received null')) return `must be of type ${expected}, not null`;
  return `must be of type ${expected}${typeof value === 'string' ? (forms[expected] ?? '') : ''}`;
}

function problemOf(issue: Issue): string {
  if (issue.code === 'invalid_value') return `must be ${oneOf(issue.values)}`;
  if (issue.code === 'invalid_union') return unionProblem(issue);
  if (issue.code === 'too_small') return `must ${amount(issue.origin, 'at least', issue.minimum)}`;
  if (issue.code === 'too_big') return `must ${amount(issue.origin, 'at most', issue.maximum)}`;
  return issue.message;
}

/** A limit in words, by the type of value. */
function amount(origin: string, bound: string, limit: number | bigint): string {
  if (origin === 'string') return `have ${bound} ${limit} characters`;
  return origin === 'array' ? `hold ${bound} ${limit} items` : `be ${bound} ${limit}`;
}

function oneOf(values: readonly unknown[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  return texts.length === 1 ? `${texts[0]}` : `one of ${texts.join(', ')}`;
}

function unionProblem(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : undefined;
  return options ? `must be ${oneOf(options)}` : 'matches none of the accepted forms';
}

function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}
