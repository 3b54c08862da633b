import type * as z from 'zod';
import { mayHoldAnything, mayHoldSecret, namesAlong } from '../lib/secret-names.ts';
import { catalogue } from '../tools/catalogue.ts';
import type { Operation } from '../tools/define-operation.ts';
import { isSecret } from '../tools/schemas/fields.ts';

/** A field of an API object that is a secret. */
export interface SecretField {
  /** The names that lead to it, folded. */
  readonly names: readonly string[];
  /** Whether it is an object that the API leaves open: what in it is secret is told by name. */
  readonly isOpen: boolean;
}

const known = new Map<string, readonly SecretField[]>();

/**
 * Where the objects of an operation hold secrets: those that its answers may show, and those that calls of the same
 * collection take, which Synqly holds though it shows them nowhere.
 */
export function secretFieldsOf(operation: Operation): readonly SecretField[] {
  const before = known.get(operation.id);
  if (before) return before;
  const shown = operation.secrets
    .filter((path) => path.startsWith('result'))
    .map((path) => ({ names: namesAlong(path).slice(1), isOpen: path.endsWith('provider_config') }));
  const taken = catalogue
    .filter(({ path }) => path === operation.path || isItemOf(path, operation.path))
    .flatMap(({ body }) => Object.entries(body ?? {}))
    .flatMap(([name, field]) => fieldsIn(field, [name]));
  const fields = new Map([...shown, ...taken].map((field) => [field.names.join('.'), field]));
  known.set(operation.id, [...fields.values()]);
  return [...fields.values()];
}

const unshown = new Map<string, boolean>();

/**
 * Whether calls of the same group give Synqly secrets that answers of this one are not said to show. Should an answer show
 * them all the same, they are told by their names.
 */
export function holdsUnshownSecrets({ id, group, secrets }: Operation): boolean {
  const before = unshown.get(id);
  if (before !== undefined) return before;
  const bodies = catalogue.filter((one) => one.group === group).map(({ body }) => body ?? {});
  const taken = bodies.flatMap((body) =>
    Object.entries(body).flatMap(([name, field]) => fieldsIn(field, [name])),
  );
  const holds = secrets.length === 0 && taken.some(({ isOpen }) => !isOpen);
  unshown.set(id, holds);
  return holds;
}

function isItemOf(path: string, collection: string): boolean {
  return path.startsWith(`${collection}/{`) && !path.slice(collection.length + 1).includes('/');
}

/** The parts of a zod definition by which a schema is walked. */
interface Structure {
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: z.ZodType;
}

function fieldsIn(field: z.ZodType, path: readonly string[]): readonly SecretField[] {
  const { innerType, element, options = [], shape = {}, catchall } = field.def as unknown as Structure;
  // The value of a patch is no field of the object.
  if (path[0] === 'patch') return [];
  const isOpen = catchall !== undefined && catchall.def.type !== 'never';
  if (isOpen || isSecret(field)) return [{ names: path.flatMap(namesAlong), isOpen }];
  return [
    ...[innerType, element, ...options].flatMap((inner) => (inner ? fieldsIn(inner, path) : [])),
    ...Object.entries(shape).flatMap(([name, inner]) => fieldsIn(inner, [...path, name])),
  ];
}

/** Whether one list of names is the beginning of another. */
export function begins(beginning: readonly string[], names: readonly string[]): boolean {
  return beginning.length <= names.length && beginning.every((name, at) => name === names[at]);
}

/** Whether what names lead to is this secret field, has it in it, or is in it. */
export function touchesSecret({ names: field, isOpen }: SecretField, names: readonly string[]): boolean {
  if (begins(names, field)) return true;
  if (!begins(field, names)) return false;
  return !isOpen || names.some(mayHoldAnything) || mayHoldSecret(names.at(-1) ?? '');
}
