import type * as z from 'zod';
import type { Arguments } from '../../lib/json.ts';
import { digitsOf, isJsonObject } from '../../lib/json.ts';
import { leadToSecret, namesAlong } from '../../lib/secret-names.ts';
import { isCredential, objectInText, redactionOf } from '../../secrets/redact.ts';
import { readReference } from '../../secrets/reference.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { isSecret } from '../../tools/schemas/fields.ts';
import { structureOf } from '../../tools/schemas/structure.ts';

/** A secret among arguments: a text, or the digits of a number. */
export interface SecretPlace {
  readonly path: readonly string[];
  readonly text: string;
}

/** The places of secrets in the checked arguments of an operation. */
export function findSecretPlaces(operation: Operation, args: Arguments): readonly SecretPlace[] {
  const found: SecretPlace[] = [];
  // Arguments of reads are sample data, not secrets, whatever their names.
  if (operation.effect !== 'read') collect(operation.input, args, [], found);
  return found;
}

/** The secret values in the arguments, which are masked in results. References are not secret. */
export function findSecrets(operation: Operation, args: Arguments): string[] {
  const texts = findSecretPlaces(operation, args).map(({ text }) => text);
  return texts.filter((text) => !readReference(text));
}

type Path = readonly string[];

function collect(field: z.ZodType, value: unknown, path: Path, found: SecretPlace[]): void {
  if (value === undefined || value === null) return;
  const { innerType, element, options, shape } = structureOf(field);
  if (isSecret(field)) collectMarked(value, path, found);
  else if (innerType) collect(innerType, value, path, found);
  else if (element && Array.isArray(value)) {
    for (const [index, item] of value.entries()) collect(element, item, [...path, String(index)], found);
  } else if (options) for (const option of options) collect(option, value, path, found);
  else if (shape && isJsonObject(value)) collectFields(shape, value, path, found);
}

function collectFields(
  shape: Readonly<Record<string, z.ZodType>>,
  object: Readonly<Record<string, unknown>>,
  path: Path,
  found: SecretPlace[],
): void {
  for (const [name, field] of Object.entries(shape)) {
    const within = [...path, name];
    const pointer = isPatchStep(shape) && name === 'value' ? object.path : undefined;
    if (typeof pointer !== 'string') collect(field, object[name], within, found);
    else collectStep(pointer, object[name], within, found);
  }
  // Further fields of an object that the API leaves open, such as the extra ones of an OAuth client.
  const others = Object.entries(object).filter(([name]) => !Object.hasOwn(shape, name));
  if (others.length > 0) collectNamed(Object.fromEntries(others), path, found);
}

function isPatchStep(shape: Readonly<Record<string, z.ZodType>>): boolean {
  return 'op' in shape && 'path' in shape;
}

/** The value of a JSON Patch step: a secret at `/config/secret` or `/secret/value`, not at `/fullname`. */
function collectStep(pointer: string, value: unknown, path: Path, found: SecretPlace[]): void {
  const names = namesAlong(pointer);
  const name = names.at(-1) ?? '';
  if (leadToSecret(names) || redactionOf(name, value) === 'whole') collectSecret(value, path, found, name);
  else collectNamed(value, path, found);
}

/** A field marked as secret: a secret text, or an open object. */
function collectMarked(value: unknown, path: Path, found: SecretPlace[]): void {
  if (!collectLeaf(value, path, found)) collectNamed(value, path, found);
}

/** A secret text or number. A boolean is too guessable to be a secret. */
function collectLeaf(value: unknown, path: Path, found: SecretPlace[]): boolean {
  const text = typeof value === 'string' ? value : digitsOf(value);
  if (text === undefined) return false;
  found.push({ path, text });
  return true;
}

/** A value at the place of a secret: a text, a number, or an object that contains the secret. */
function collectSecret(value: unknown, path: Path, found: SecretPlace[], name = ''): void {
  if (collectLeaf(value, path, found)) return;
  if (isCredential(value, name)) collectNamed(value, path, found);
  else
    for (const [key, part] of partsOf(value))
      if (key !== 'type' || Array.isArray(value)) collectSecret(part, [...path, key], found, name);
}

/** Secrets in an open object, found by their names; also in a text that is the JSON of one. */
function collectNamed(value: unknown, path: Path, found: SecretPlace[]): void {
  const isList = Array.isArray(value);
  const object = typeof value === 'string' ? objectInText(value) : value;
  for (const [name, part] of partsOf(object)) {
    const within = [...path, name];
    if (!isList && redactionOf(name, part) === 'whole') collectSecret(part, within, found, name);
    else collectNamed(part, within, found);
  }
}

function partsOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
