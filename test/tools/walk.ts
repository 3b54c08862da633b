import * as z from 'zod';
import type { Operation } from '../../src/tools/define-operation.ts';
import { isAbbreviated, isSecret } from '../../src/tools/schemas/fields.ts';

/** A field somewhere in an operation's input; `path` is dotted, with `[]` for every item of a list. */
export interface Place {
  readonly path: string;
  readonly field: z.core.$ZodType;
}

/** The arguments of an operation that are marked as secret. What is below a secret is not listed. */
export function secretArgumentsOf(operation: Operation): string[] {
  const places = placesIn(operation.input, '', isSecret);
  return [...new Set(places.map(({ path }) => path))].sort();
}

/** The fields of an operation that are published as an outline with their shape in words. */
export function sketchesOf(operation: Pick<Operation, 'input'>): Place[] {
  return placesIn(operation.input, '', isAbbreviated);
}

function placesIn(
  field: z.core.$ZodType,
  path: string,
  wanted: (field: z.core.$ZodType) => boolean,
): Place[] {
  if (wanted(field)) return [{ path, field }];
  if (field instanceof z.ZodOptional || field instanceof z.ZodNullable) {
    return placesIn(field.unwrap(), path, wanted);
  }
  if (field instanceof z.ZodArray) return placesIn(field.element, `${path}[]`, wanted);
  if (field instanceof z.ZodObject) {
    return Object.entries<z.core.$ZodType>(field.shape).flatMap(([name, inner]) =>
      placesIn(inner, path === '' ? name : `${path}.${name}`, wanted),
    );
  }
  if (field instanceof z.ZodDiscriminatedUnion) {
    return field.options.flatMap((option) => placesIn(option, path, wanted));
  }
  return [];
}
