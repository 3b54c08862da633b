import type * as z from 'zod';
import { type ArgumentProblem, CallError } from '../../errors.ts';
import { ExactNumber } from '../../lib/exact-json.ts';
import { type Arguments, isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { argumentSchemaOf } from '../../tools/json-schema.ts';
import { coerceArguments, type Kind } from './coerce.ts';
import { exampleOf } from './example.ts';
import { listSyntaxOf } from './list-syntax.ts';
import { exceededLimit, isWithinLimits } from './size-limits.ts';
import { suggestArgument } from './suggestions.ts';
import { findTooLong } from './text-limits.ts';

/** Of some arguments those of these names that were given. */
export function pick(args: Arguments, names: readonly string[]): JsonObject {
  const picked: JsonObject = {};
  for (const name of names) if (args[name] !== undefined) picked[name] = args[name];
  return picked;
}

type Taking = Pick<Operation, 'id' | 'input'> & Partial<Pick<Operation, 'replacesWhole' | 'body'>>;

function kindOf({ replacesWhole }: Taking): Kind {
  if (replacesWhole === undefined) return 'own tool';
  return replacesWhole ? 'update' : 'operation';
}

/**
 * Decodes and checks raw arguments.
 *
 * @throws CallError `invalid_arguments` that names every argument at fault, never a value
 */
export function parseArguments(operation: Taking, raw: unknown): Arguments {
  if (!isWithinLimits(raw)) throw new CallError('invalid_arguments', `The arguments hold ${exceededLimit}.`);
  const kind = kindOf(operation);
  const { value: decoded, faults: unclear } = coerceArguments(raw, argumentSchemaOf(operation), kind);
  // Once more: a text among them may hold as much as all others.
  if (!isWithinLimits(decoded))
    throw new CallError('invalid_arguments', `The arguments hold ${exceededLimit}.`);
  assertShort(operation, decoded);
  const parsed = operation.input.safeParse(forCheck(decoded));
  // As they were given: zod's copy leaves out keys such as __proto__, and no field changes a value.
  if (parsed.success && unclear.length === 0) return decoded as Arguments;
  const { issues = [] } = parsed.error ?? {};
  const { unknown, missing, suggested } = misplaced(operation, decoded, issues);
  // What was given under another name, or cannot be decoded, is told there.
  const shown = [...suggested.values(), ...unclear.map(({ argument }) => argument)];
  const misfits = issues
    .flatMap((issue) => describeIssue(issue, decoded, kind === 'update'))
    .filter(({ argument }) => !shown.some((one) => argument === one || argument.startsWith(`${one}.`)))
    .map((one) => (isExactAt(decoded, one.argument) ? { ...one, problem: tooExact } : one));
  const faults = [...unclear, ...misfits];
  throw new CallError('invalid_arguments', `The arguments do not fit ${operation.id}.`, {
    arguments: firstOf(faults.map((fault) => withMeant(fault, suggested))),
    acceptedArguments: unknown.length > 0 ? Object.keys(operation.input.shape) : undefined,
    example:
      unknown.length + missing.length + unclear.length > 0
        ? { ...exampleOf(operation, withoutAll(renamed(decoded, suggested), unclear)) }
        : undefined,
  });
}

/** @throws CallError `invalid_arguments` that names each text that is too long, and how long it may be */
function assertShort(operation: Taking, args: unknown): void {
  const faults = findTooLong(operation, args);
  if (faults.length === 0) return;
  throw new CallError('invalid_arguments', 'A text among the arguments is too long.', {
    arguments: firstOf(faults),
  });
}

const tooExact = 'has more digits than a number may have here';

function isExactAt(args: unknown, argument: string): boolean {
  const step = (value: unknown, key: string) =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as JsonObject)[key]
      : undefined;
  return argument.split('.').reduce(step, args) instanceof ExactNumber;
}

/** To zod a number with all its digits is an object; a bigint is what no field takes, and what open ones let pass. */
function forCheck(value: unknown): unknown {
  if (value instanceof ExactNumber) return 0n;
  if (typeof value !== 'object' || value === null || !holdsExact(value)) return value;
  if (Array.isArray(value)) return value.map(forCheck);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, forCheck(part)]));
}

function holdsExact(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof ExactNumber || Object.values(value).some(holdsExact);
}

/** Arguments that there are not, required ones that were not given, and which of these was meant by which. */
function misplaced({ input }: Pick<Operation, 'input'>, given: unknown, issues: readonly Issue[]) {
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [],
  );
  const names = Object.keys(isJsonObject(given) ? given : {});
  const missing = issues.flatMap(({ path: [name, ...rest] }) =>
    rest.length === 0 && typeof name === 'string' && !names.includes(name) ? [name] : [],
  );
  return { unknown, missing, suggested: suggestArgument(unknown, Object.keys(input.shape), names, missing) };
}

function withMeant(fault: ArgumentProblem, suggested: ReadonlyMap<string, string>): ArgumentProblem {
  const name = suggested.get(fault.argument);
  return name === undefined ? fault : { ...fault, problem: `${fault.problem}; did you mean ${name}?` };
}

/** The given arguments, each by the name that was meant. */
function renamed(given: unknown, suggested: ReadonlyMap<string, string>): JsonObject {
  const entries = Object.entries(isJsonObject(given) ? given : {});
  return Object.fromEntries(entries.map(([name, value]) => [suggested.get(name) ?? name, value]));
}

/** The arguments without those at fault, whose values are guesses. */
function withoutAll(given: JsonObject, faults: readonly ArgumentProblem[]): JsonObject {
  const names = new Set(faults.map(({ argument }) => argument.split('.')[0]));
  return Object.fromEntries(Object.entries(given).filter(([name]) => !names.has(name)));
}

/** Enough to see what is wrong; a long list of them would be an answer longer than the arguments. */
const maxFaults = 8;

function firstOf(faults: readonly ArgumentProblem[]): readonly ArgumentProblem[] {
  if (faults.length <= maxFaults) return faults;
  const rest = { argument: '...', problem: `${faults.length - maxFaults} more faults are not shown` };
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
    return issue.keys.map((key) => ({ argument: dotted([...path, key]), problem: 'is not known here' }));
  }
  if (issue.code === 'invalid_union') {
    // The discriminator fitted one variant; only that variant's issues help.
    const closest = [...issue.errors].sort((one, other) => one.length - other.length)[0] ?? [];
    if (closest.length > 0) return closest.flatMap((inner) => describeIssue(inner, given, isUpdate, path));
  }
  const argument = dotted(path) || 'arguments';
  if (issue.code !== 'invalid_type') return [{ argument, problem: problemOf(issue) }];
  const problem = listSyntaxOf(argument) ?? typeProblem(issue, valueAt(given, path));
  // Of an update only: elsewhere null is the same as not given.
  const isKept = isUpdate && path.length === 1 && issue.message.endsWith('received null');
  return [{ argument, problem: isKept ? `${problem}; left out, it keeps its value` : problem }];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (part, key) => (typeof part === 'object' && part !== null ? part[key as keyof typeof part] : undefined),
    value,
  );
}

/** The form of what clients most often write in the way of another language. */
const forms: Readonly<Record<string, string>> = {
  array: ': give JSON, such as ["a","b"]',
  object: ': give JSON, such as {"a":"b"}',
  boolean: ': true or false',
};

function typeProblem(issue: Extract<Issue, { code: 'invalid_type' }>, value: unknown): string {
  // Zod's own names for these mean nothing beside a published schema.
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

/** A bound in words, by what is counted. */
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
  return options ? `must be ${oneOf(options)}` : 'fits none of the accepted forms';
}

function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}
