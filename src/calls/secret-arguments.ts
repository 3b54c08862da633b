import type * as z from 'zod';
import { CallError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import { isSecret } from '../tools/fields.ts';
import type { Operation } from '../tools/operation.ts';
import type { Arguments } from './arguments.ts';
import { openSecretNames } from './secrets.ts';

/** The secret values among an operation's checked arguments: whatever comes back may repeat none of them. */
export function secretsAmong(operation: Operation, args: Arguments): string[] {
  const found: string[] = [];
  collect(operation.input, args, found);
  return found;
}

/** The parts of a zod definition by which a schema is walked. */
interface Structure {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
}

function collect(field: z.ZodType, value: unknown, found: string[]): void {
  if (value === undefined || value === null) return;
  const { innerType, element, options, shape } = field.def as unknown as Structure;
  if (isSecret(field)) collectSecret(value, found);
  else if (innerType) collect(innerType, value, found);
  else if (element && Array.isArray(value)) for (const item of value) collect(element, item, found);
  else if (options) for (const option of options) collect(option, value, found);
  else if (shape && isJsonObject(value)) collectFields(shape, value, found);
}

function collectFields(
  shape: Readonly<Record<string, z.ZodType>>,
  object: Readonly<Record<string, unknown>>,
  found: string[],
): void {
  for (const [name, field] of Object.entries(shape)) {
    const patched = name === 'value' && isSecret(innermost(field)) && typeof object.path === 'string';
    if (patched) collectNamed({ [lastSegment(object.path as string)]: object[name] }, found);
    else collect(field, object[name], found);
  }
}

function innermost(field: z.ZodType): z.ZodType {
  const { innerType } = field.def as unknown as Structure;
  return innerType ? innermost(innerType) : field;
}

/** What a step of a JSON Patch sets: a value at `/config/secret` is one, a value at `/fullname` is none. */
function lastSegment(pointer: string): string {
  return pointer.slice(pointer.lastIndexOf('/') + 1);
}

function collectSecret(value: unknown, found: string[]): void {
  if (typeof value === 'string') found.push(value);
  else collectNamed(value, found);
}

function collectNamed(value: unknown, found: string[]): void {
  if (Array.isArray(value)) for (const item of value) collectNamed(item, found);
  if (!isJsonObject(value)) return;
  for (const [name, part] of Object.entries(value)) {
    if (typeof part === 'string' && openSecretNames.has(name)) found.push(part);
    else collectNamed(part, found);
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
    const taken = typeof from === 'string' && openSecretNames.has(lastSegment(from).toLowerCase());
    const problem = 'is a secret, which can be set but not copied or moved';
    return taken ? [{ argument: `patch.${index}.from`, problem }] : [];
  });
  if (faults.length === 0) return;
  throw new CallError('invalid_arguments', 'The patch would take a secret out of its field.', {
    arguments: faults,
  });
}
