import type * as z from 'zod';
import { CallError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import { readReference } from '../secrets/reference.ts';
import { isSecret } from '../tools/fields.ts';
import type { Operation } from '../tools/operation.ts';
import type { Arguments } from './arguments.ts';
import { openSecretNames } from './secrets.ts';

/** A secret text among arguments. */
export interface SecretPlace {
  readonly path: readonly string[];
  readonly text: string;
}

/** Where an operation's checked arguments hold secrets. */
export function secretPlaces(operation: Operation, args: Arguments): readonly SecretPlace[] {
  const found: SecretPlace[] = [];
  collect(operation.input, args, [], found);
  return found;
}

/** The secret values among them: whatever comes back may repeat none. References are not secret. */
export function secretsAmong(operation: Operation, args: Arguments): string[] {
  const texts = secretPlaces(operation, args).map(({ text }) => text);
  return texts.filter((text) => !readReference(text));
}

/** The parts of a zod definition by which a schema is walked. */
interface Structure {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
}

type Path = readonly string[];

function collect(field: z.ZodType, value: unknown, path: Path, found: SecretPlace[]): void {
  if (value === undefined || value === null) return;
  const { innerType, element, options, shape } = field.def as unknown as Structure;
  if (isSecret(field)) collectSecret(value, path, found);
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
    const isStep = name === 'value' && isSecret(innermost(field)) && typeof object.path === 'string';
    if (!isStep) collect(field, object[name], within, found);
    else if (setsSecret(object.path as string)) collectSecret(object[name], within, found);
    else collectNamed(object[name], within, found);
  }
}

function innermost(field: z.ZodType): z.ZodType {
  const { innerType } = field.def as unknown as Structure;
  return innerType ? innermost(innerType) : field;
}

/** What a step of a JSON Patch sets: at `/config/secret` and `/secret/value` it is one, at `/fullname` it is none. */
function setsSecret(pointer: string): boolean {
  return pointer.split('/').some((segment) => openSecretNames.has(segment));
}

function collectSecret(value: unknown, path: Path, found: SecretPlace[]): void {
  if (typeof value === 'string') found.push({ path, text: value });
  else collectNamed(value, path, found);
}

/** Secrets in an object that the API leaves open, by their names. */
function collectNamed(value: unknown, path: Path, found: SecretPlace[]): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) collectNamed(item, [...path, String(index)], found);
  }
  if (!isJsonObject(value)) return;
  for (const [name, part] of Object.entries(value)) {
    const within = [...path, name];
    if (typeof part === 'string' && openSecretNames.has(name)) found.push({ path: within, text: part });
    else collectNamed(part, within, found);
  }
}

/**
 * Refuses patch steps that copy or move a secret: at its new place an answer would show it.
 *
 * @throws CallError `invalid_arguments`
 */
export function assertSecretsStay(args: Arguments): void {
  if (!Array.isArray(args.patch)) return;
  const faults = args.patch.flatMap(({ from }: { from?: unknown }, index) => {
    // The server behind may read names without regard to case.
    const taken =
      typeof from === 'string' && openSecretNames.has(from.slice(from.lastIndexOf('/') + 1).toLowerCase());
    const problem = 'is a secret, which can be set but not copied or moved';
    return taken ? [{ argument: `patch.${index}.from`, problem }] : [];
  });
  if (faults.length === 0) return;
  throw new CallError('invalid_arguments', 'The patch would take a secret out of its field.', {
    arguments: faults,
  });
}
