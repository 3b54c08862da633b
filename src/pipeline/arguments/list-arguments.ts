import { isJsonObject } from '../../lib/json.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { inputSchemaOf } from '../../tools/json-schema.ts';

/** The published part of JSON Schema. */
interface PublishedSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, PublishedSchema>>;
  readonly required?: readonly string[];
  readonly items?: PublishedSchema;
  readonly anyOf?: readonly PublishedSchema[];
  readonly enum?: readonly unknown[];
}

/**
 * The arguments of an operation, one text each: `name: type, required (description)`. At most 300 tokens, about half of
 * its schema; a test measures them.
 */
export function listArguments(operation: Pick<Operation, 'input'>): readonly string[] {
  const { properties = {}, required = [] }: PublishedSchema = inputSchemaOf(operation);
  return Object.entries(properties).map(([name, schema]) => {
    const { description } = schema;
    const text = `${name}: ${typeOf(schema)}${required.includes(name) ? ', required' : ''}`;
    return description === undefined ? text : `${text} (${description})`;
  });
}

/** A type as in TypeScript: `string[]`, `test|prod`, `{ids: string[], labels?: string[]}`. */
function typeOf(schema: PublishedSchema): string {
  if (schema.enum) return schema.enum.join('|');
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ');
  if (schema.type === 'array') {
    const item = typeOf(schema.items ?? {});
    return item.includes('|') && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
  }
  const { type = 'any', properties, required = [] } = schema;
  if (type !== 'object' || !properties) return type;
  const fields = Object.entries(properties).map(
    ([name, field]) => `${name}${required.includes(name) ? '' : '?'}: ${typeOf(field)}`,
  );
  return `{${fields.join(', ')}}`;
}

/**
 * Replaces the names of the accepted arguments, in an error about arguments.
 *
 * @param list the arguments that are accepted
 */
export function withArgumentList(value: unknown, list: readonly string[]): unknown {
  const error = isJsonObject(value) ? value.error : undefined;
  if (!isJsonObject(error) || error.code !== 'invalid_arguments' || isAboutSyntax(error.arguments))
    return value;
  return { error: { ...error, accepted_arguments: list } };
}

/** Whether only the text of a filter or an order is wrong. Its problem says how to write it. */
function isAboutSyntax(faults: unknown): boolean {
  if (!Array.isArray(faults) || faults.length === 0) return true;
  return faults.every((fault) => isJsonObject(fault) && /^(filter|order)\b/.test(String(fault.argument)));
}
