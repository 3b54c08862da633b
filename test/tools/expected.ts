import type { Operation } from '../../src/tools/define-operation.ts';
import { type Fact, requestSchemaOf, resolved, type Schema, snakeCased } from './fact-sheet.ts';

/** Fields of one part of a request. */
export interface Part {
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
}

/** Path or query parameters, named as the tools name arguments. */
export function expectedParameters(fact: Fact, place: 'path' | 'query'): Part {
  const parameters = (fact.parameters ?? []).filter((parameter) => parameter.in === place);
  const named = parameters.map(({ name, schema, required }) => ({
    name: snakeCased(name),
    schema,
    required,
  }));
  return {
    properties: Object.fromEntries(named.map(({ name, schema }) => [name, schema])),
    required: named.filter(({ required }) => required).map(({ name }) => name),
  };
}

/** The body's fields as arguments: by the rules for a JSON Patch, for a wrapped body and for a whole object. */
export function expectedBody(fact: Fact, { bodyIn }: Operation): Part | undefined {
  const schema = requestSchemaOf(fact);
  if (!schema) return undefined;
  if (schema.type === 'array') return { properties: { patch: schema }, required: ['patch'] };
  const { properties = {}, required = [] } = bodyIn === undefined ? schema : unwrapped(schema, bodyIn);
  return schema['x-full-object'] ? writable(properties, required) : { properties, required };
}

function unwrapped(schema: Schema, wrapper: string): Schema {
  const inner = schema.properties?.[wrapper];
  if (!inner || Object.keys(schema.properties ?? {}).length > 1) {
    throw new Error(`The body is not wrapped in ${wrapper} alone.`);
  }
  return resolved(inner);
}

/**
 * An update takes the writable fields only, and all of them may be left out; null clears those that the object
 * can be without.
 */
function writable(properties: Readonly<Record<string, Schema>>, required: readonly string[]): Part {
  const entries = Object.entries(properties).filter(([, field]) => !field['x-server-managed']);
  return {
    properties: Object.fromEntries(
      entries.map(([name, field]) => [
        name,
        required.includes(name) ? field : { anyOf: [field, { type: 'null' }] },
      ]),
    ),
    required: [],
  };
}
