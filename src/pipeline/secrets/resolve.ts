import { type ArgumentProblem, CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject } from '../../lib/json.ts';
import { namesAlong } from '../../lib/secret-names.ts';
import { generateExample } from '../../secrets/generate.ts';
import {
  holdsReference,
  noSecretGiven,
  type PlacedReference,
  readReference,
} from '../../secrets/reference.ts';
import { isPrefix, secretFieldsOf } from '../../secrets/secret-fields.ts';
import type { ReadReference } from '../../secrets/store.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { Consent, OperationCall } from '../call-state.ts';
import { isAsk, purposeOf, takeTypedSecrets } from './ask-person.ts';
import { findSecretPlaces } from './find.ts';
import { generateProblem, generateSecrets, isGenerate } from './generated.ts';

/**
 * The references among checked arguments, not yet resolved.
 *
 * @throws CallError `secret_reference` for one in a field that takes no secret, or one that is part of a value
 */
export function findReferences(operation: Operation, args: Arguments): readonly PlacedReference[] {
  // Most calls have no reference.
  if (!mayHoldReference(args)) return [];
  const texts = textsOf(args).filter(({ text }) => holdsReference(text));
  if (texts.length === 0) return [];
  const places = findSecretPlaces(operation, args).filter(({ path }) =>
    takesReference(operation, args, path),
  );
  const secret = new Set(places.map(({ path }) => keyOf(path)));
  const read = texts.map(({ path, text }) => ({ path, text, reference: readReference(text) }));
  const faults = read.flatMap(({ path, text, reference }) => {
    const argument = path.join('.');
    if (!secret.has(keyOf(path)))
      return [{ argument, problem: 'is not a secret argument, so it takes no reference' }];
    if (!reference)
      return [
        {
          argument,
          problem: `must be one reference, without other text around it, such as ${exampleFor(text)}`,
        },
      ];
    if (reference.kind !== 'generate') return [];
    const problem = generateProblem({ path, reference }, isTested(args, path));
    return problem === undefined ? [] : [{ argument, problem }];
  });
  if (faults.length > 0) {
    throw new CallError('secret_reference', 'A reference to a secret is in the wrong place.', {
      arguments: faults,
    });
  }
  return read.map(({ path, reference }) => ({ path, reference })) as PlacedReference[];
}

const exampleFor = (text: string) => (text.includes('${generate') ? generateExample : '${env:NAME}');

/** Whether a place is in a patch step that compares. */
function isTested({ patch }: Arguments, [argument, index]: readonly string[]): boolean {
  const step: unknown = argument === 'patch' && Array.isArray(patch) ? patch[Number(index)] : undefined;
  return isJsonObject(step) && step.op === 'test';
}

/** Patch steps that have a value. */
const stepsWithValue: ReadonlySet<unknown> = new Set(['add', 'replace', 'test']);

/**
 * Whether a place that is named like a secret takes one. In a patch the path of the step decides: at any other path, Synqly
 * would store the secret in a field that responses show.
 */
function takesReference(
  operation: Operation,
  { patch }: Arguments,
  [argument, index, ...rest]: readonly string[],
) {
  if (argument !== 'patch' || !Array.isArray(patch)) return true;
  const step: unknown = patch[Number(index)];
  if (!isJsonObject(step) || !stepsWithValue.has(step.op) || rest[0] !== 'value') return false;
  const pointer = String(step.path);
  if (pointer !== '' && !pointer.startsWith('/')) return false;
  const names = namesOf(pointer, rest.slice(1));
  return secretFieldsOf(operation).some(
    ({ names: field, isOpen }) => isPrefix(field, names) && names.length > field.length === isOpen,
  );
}

/** The names along a JSON Pointer (RFC 6901) and the keys below it, without list positions. */
function namesOf(pointer: string, below: readonly string[]): string[] {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return [...keys, ...below]
    .filter((key) => !/^(\d+|-)$/.test(key))
    .map((key) => (/^[\w-]+$/.test(key) ? (namesAlong(key)[0] ?? key) : key));
}

/** Whether any text or name in the arguments contains `${`. */
function mayHoldReference(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('${');
  if (typeof value !== 'object' || value === null) return false;
  for (const name in value) {
    if (name.includes('${') || mayHoldReference((value as Record<string, unknown>)[name])) return true;
  }
  return false;
}

/** A reference and its value. */
export interface ResolvedReference {
  readonly path: readonly string[];
  readonly value: string;
}

/**
 * Resolves references. If a person must type a secret, this waits for the person, or ends the call with a page that the
 * person opens before the call is repeated.
 *
 * @throws CallError `secret_reference` with the arguments and the reasons, `secret_required` with pages for the person
 */
export async function resolveReferences(
  call: OperationCall,
  consent: Consent,
): Promise<readonly ResolvedReference[]> {
  const { references } = call;
  // Most calls have no reference.
  if (references.length === 0) return [];
  // Nobody types a secret for a call that fails without it.
  const read = await resolveEach(
    call,
    references.filter((one) => !isAsk(one) && !isGenerate(one)),
  );
  const typed = await askPerson(call, references.filter(isAsk), consent);
  call.generated = generateSecrets(call);
  return [...read, ...typed, ...(call.generated?.values ?? [])];
}

/** Asks on pages that outlive the call, unless the client keeps the call waiting while the person types. */
async function askPerson(
  call: OperationCall,
  asks: readonly PlacedReference[],
  consent: Consent,
): Promise<readonly ResolvedReference[]> {
  const { secrets, client } = call.context;
  if (asks.length === 0) return [];
  if (client?.openPage || !secrets.pages) return resolveEach(call, asks);
  try {
    const typed = await takeTypedSecrets(call, asks, secrets.pages, consent);
    return asks.map(({ path }, index) => ({ path, value: typed[index] ?? '' }));
  } catch (error) {
    throw isReferenceError(error) ? notResolved(asks.map((one) => faultOf(one, error))) : error;
  }
}

/** In sequence, so that a person gets one page at a time. */
async function resolveEach(
  call: OperationCall,
  references: readonly PlacedReference[],
): Promise<readonly ResolvedReference[]> {
  const resolved: ResolvedReference[] = [];
  const faults: ArgumentProblem[] = [];
  const { secrets, client } = call.context;
  for (const one of references) {
    const person = { openPage: client?.openPage, purpose: purposeOf(call, one), cancelled: call.cancelled };
    try {
      resolved.push({ path: one.path, value: await secrets.resolve(one.reference as ReadReference, person) });
    } catch (error) {
      if (!isReferenceError(error)) throw error;
      faults.push(faultOf(one, error));
    }
  }
  if (faults.length > 0) throw notResolved(faults);
  return resolved;
}

const isReferenceError = (error: unknown): error is CallError =>
  error instanceof CallError && error.code === 'secret_reference';

const faultOf = ({ path }: PlacedReference, { message }: CallError): ArgumentProblem => ({
  argument: path.join('.'),
  problem: message,
});

function notResolved(faults: readonly ArgumentProblem[]): CallError {
  return new CallError('secret_reference', 'A reference to a secret cannot be resolved.', {
    arguments: faults,
    // There is nothing to correct.
    remediation: faults.every(({ problem }) => problem === noSecretGiven)
      ? 'Nothing was sent: the person declined, or did not type the secret in time. Ask the person before you try again.'
      : undefined,
  });
}

/** A copy of the arguments with references replaced, only for the request body. */
export function withResolved(args: Arguments, resolved: readonly ResolvedReference[]): Arguments {
  return resolved.reduce((part, { path, value }) => setAt(part, path, value) as Arguments, args);
}

interface PlacedText {
  readonly path: readonly string[];
  readonly text: string;
}

/** Every text of a value, including the names in open objects, which take no reference either. */
function textsOf(value: unknown, path: readonly string[] = []): PlacedText[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsOf(item, [...path, String(index)]));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, part]) => [
    { path: [...path, '(name)'], text: name },
    ...textsOf(part, [...path, name]),
  ]);
}

const keyOf = (path: readonly string[]) => JSON.stringify(path);

/** A copy of a value with another leaf at a path. */
export function setAt(value: unknown, path: readonly string[], leaf: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return leaf;
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === step ? setAt(item, rest, leaf) : item));
  const object = value as Record<string, unknown>;
  return { ...object, [step]: setAt(object[step], rest, leaf) };
}
