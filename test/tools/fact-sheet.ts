import { readFileSync } from 'node:fs';

/** A JSON Schema node, of the fact sheet or of a tool. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly pattern?: string;
  readonly 'x-sensitive'?: true;
  readonly 'x-server-managed'?: true;
  readonly 'x-full-object'?: string;
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: Schema;
}

interface Described {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
  readonly responses: Readonly<
    Record<string, { readonly content?: { readonly 'application/json': { readonly schema: Schema } } }>
  >;
  readonly 'x-hints': {
    readonly readOnly: boolean;
    readonly destructive: boolean;
    readonly idempotent: boolean;
  };
  readonly 'x-in-development'?: true;
  readonly 'x-sensitive-request'?: true;
  readonly 'x-sensitive-response'?: true;
}

/** An operation as the fact sheet tells it. */
export interface Fact extends Described {
  readonly method: string;
  readonly path: string;
}

const source = new URL('../../src/sandbox/facts/management.openapi.json', import.meta.url);
const sheet = JSON.parse(readFileSync(source, 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

/** All operations of the fact sheet. */
export const facts: readonly Fact[] = Object.entries(sheet.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, described]) => ({
    ...described,
    method: method.toUpperCase(),
    path: snakeCased(path),
  })),
);

/** `accountId` → `account_id`, in names and in path templates. */
export function snakeCased(text: string): string {
  return text.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A node with its `$ref` followed; what stands beside a `$ref` goes with it. */
export function resolved(node: Schema): Schema {
  const { $ref, ...beside } = node;
  if ($ref === undefined) return node;
  const name = $ref.split('/').at(-1) ?? '';
  const target = sheet.components.schemas[name];
  if (!target) throw new Error(`The fact sheet has no schema ${name}.`);
  return { ...resolved(target), ...beside };
}

export function requestSchemaOf(fact: Fact): Schema | undefined {
  const schema = fact.requestBody?.content['application/json'].schema;
  return schema && resolved(schema);
}

/** Every place below a schema that the fact sheet calls sensitive: dotted paths with `[]` for list items. */
export function sensitivePathsOf(schema: Schema | undefined): string[] {
  const paths = new Set<string>();
  if (schema) collectSensitive(schema, '', [], paths);
  return [...paths].sort();
}

export function answerSchemaOf(fact: Fact): Schema | undefined {
  return fact.responses['2XX']?.content?.['application/json'].schema;
}

function collectSensitive(node: Schema, path: string, above: readonly string[], paths: Set<string>): void {
  if (node.$ref !== undefined && above.includes(node.$ref)) return;
  const trail = node.$ref === undefined ? above : [...above, node.$ref];
  const { properties, items, anyOf = [], oneOf = [], ...whole } = resolved(node);
  if (whole['x-sensitive']) paths.add(path);
  for (const [name, property] of Object.entries(properties ?? {})) {
    collectSensitive(property, path === '' ? name : `${path}.${name}`, trail, paths);
  }
  if (items) collectSensitive(items, `${path}[]`, trail, paths);
  for (const variant of [...anyOf, ...oneOf]) collectSensitive(variant, path, trail, paths);
}
