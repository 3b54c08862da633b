import type * as z from 'zod';
import { getOrCreate } from '../lib/get-or-create.ts';
import { mayHoldAnything, mayHoldSecret, namesAlong } from '../lib/secret-names.ts';
import { catalogue } from '../tools/catalogue.ts';
import type { Operation } from '../tools/define-operation.ts';
import { isSecret } from '../tools/schemas/fields.ts';
import { structureOf } from '../tools/schemas/structure.ts';

/** A secret field of an API object. */
export interface SecretField {
  /** The folded field names of its path. */
  readonly names: readonly string[];
  /** Whether it is a free-form object, in which field names decide what is secret. */
  readonly isOpen: boolean;
}

const known = new Map<string, readonly SecretField[]>();

/**
 * The secret fields of an operation's objects: those that its responses may return, and those that other calls on
 * the same collection accept, which Synqly stores but never returns.
 */
export function secretFieldsOf(operation: Operation): readonly SecretField[] {
  return getOrCreate(known, operation.id, () => findSecretFields(operation));
}

function findSecretFields(operation: Operation): readonly SecretField[] {
  const shown = operation.secrets
    .filter((path) => path.startsWith('result'))
    .map((path) => ({ names: namesAlong(path).slice(1), isOpen: path.endsWith('provider_config') }));
  const taken = catalogue
    .filter(({ path }) => path === operation.path || isItemOf(path, operation.path))
    .flatMap(({ body }) => Object.entries(body ?? {}))
    .flatMap(([name, field]) => fieldsIn(field, [name]));
  const fields = new Map([...shown, ...taken].map((field) => [field.names.join('.'), field]));
  return [...fields.values()];
}

const undocumented = new Map<string, boolean>();

/**
 * Whether other operations of the group send secrets to Synqly that this one is not documented to return. If a
 * response returns them anyway, they are recognized by name.
 */
export function mayHoldUndocumentedSecrets({ id, group, secrets }: Operation): boolean {
  return getOrCreate(undocumented, id, () => {
    const bodies = catalogue.filter((one) => one.group === group).map(({ body }) => body ?? {});
    const taken = bodies.flatMap((body) =>
      Object.entries(body).flatMap(([name, field]) => fieldsIn(field, [name])),
    );
    return secrets.length === 0 && taken.some(({ isOpen }) => !isOpen);
  });
}

const takers = new Map<string, boolean>();

/** Whether the body of an operation may hold a secret: operations of its group take some. */
export function takesSecrets({ body, group }: Operation): boolean {
  if (body === undefined) return false;
  return getOrCreate(takers, group, () =>
    catalogue.some(
      (one) =>
        one.group === group &&
        Object.entries(one.body ?? {}).some(([name, field]) => fieldsIn(field, [name]).length > 0),
    ),
  );
}

function isItemOf(path: string, collection: string): boolean {
  return path.startsWith(`${collection}/{`) && !path.slice(collection.length + 1).includes('/');
}

function fieldsIn(field: z.ZodType, path: readonly string[]): readonly SecretField[] {
  const { innerType, element, options = [], shape = {}, catchall } = structureOf(field);
  // The value of a patch is no field of the object.
  if (path[0] === 'patch') return [];
  const isOpen = catchall !== undefined && catchall.def.type !== 'never';
  if (isOpen || isSecret(field)) return [{ names: path.flatMap(namesAlong), isOpen }];
  return [
    ...[innerType, element, ...options].flatMap((inner) => (inner ? fieldsIn(inner, path) : [])),
    ...Object.entries(shape).flatMap(([name, inner]) => fieldsIn(inner, [...path, name])),
  ];
}

/** Whether one path is a prefix of another. */
export function isPrefix(beginning: readonly string[], names: readonly string[]): boolean {
  return beginning.length <= names.length && beginning.every((name, at) => name === names[at]);
}

/** Whether a path is this secret field, contains it, or is inside it. */
export function touchesSecret({ names: field, isOpen }: SecretField, names: readonly string[]): boolean {
  if (isPrefix(names, field)) return true;
  if (!isPrefix(field, names)) return false;
  return !isOpen || names.some(mayHoldAnything) || mayHoldSecret(names.at(-1) ?? '');
}
