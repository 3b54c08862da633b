/*
 * The fact sheets that the sandbox is based on, read once from `facts/` beside this module (in the build:
 * `dist/facts/`).
 */
import { existsSync, readFileSync } from 'node:fs';
import type { ProviderSheet } from './provider-facts.ts';

/** A JSON Schema from the fact sheet. */
export type Schema = Readonly<Record<string, unknown>>;

/** One parameter of an operation. */
export interface ParameterFact {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required?: boolean;
  readonly schema: Schema;
}

/** One operation of the fact sheet. */
export interface OperationFact {
  readonly operationId: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path template, such as `/v1/accounts/{accountId}`. */
  readonly path: string;
  readonly parameters: readonly ParameterFact[];
  /** Schema of the request body; undefined if there is none. */
  readonly bodySchema: Schema | undefined;
  /** Schema of a success response; undefined if it has no body. */
  readonly responseSchema: Schema | undefined;
  /** Name of the schema of a list's items. */
  readonly itemSchema: string | undefined;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

/** One operation as it stands in the OpenAPI document. */
interface RawOperation {
  readonly operationId: string;
  readonly parameters?: readonly ParameterFact[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
  readonly 'x-pagination'?: { readonly itemSchema: string };
}

/** The OpenAPI document, as far as the sandbox reads it. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly [key: string]: unknown;
}

function readFact(file: string): unknown {
  for (const folder of ['./facts/', '../facts/']) {
    const url = new URL(folder + file, import.meta.url);
    if (existsSync(url)) return JSON.parse(readFileSync(url, 'utf8'));
  }
  throw new Error(`The sandbox's fact sheet facts/${file} is missing beside ${import.meta.url}.`);
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The Management API's OpenAPI document. */
export const managementDocument = once(() => readFact('management.openapi.json') as OpenApiDocument);

/** Every provider type with its fields. */
export const providerSheet = once(() => readFact('provider-configs.json') as ProviderSheet);

/** All operations of the fact sheet. */
export const operationFacts = once((): readonly OperationFact[] =>
  Object.entries(managementDocument().paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => toOperation(path, method, operation)),
  ),
);

const byId = once(() => new Map(operationFacts().map((fact) => [fact.operationId, fact])));

/** Finds an operation by id. Throws if it is not in the fact sheet. */
export function operationFact(operationId: string): OperationFact {
  const fact = byId().get(operationId);
  if (!fact) throw new Error(`The fact sheet has no operation ${operationId}.`);
  return fact;
}

/** Finds a schema by name. Throws if there is none. */
export function namedSchema(name: string): Schema {
  const schema = managementDocument().components.schemas[name];
  if (!schema) throw new Error(`The fact sheet has no schema ${name}.`);
  return schema;
}

/** Resolves `$ref` and the `anyOf [x, null]` of optional properties. */
export function resolveSchema(schema: Schema): Schema {
  const ref = schema.$ref as string | undefined;
  if (ref) return resolveSchema(namedSchema(ref.slice(ref.lastIndexOf('/') + 1)));
  const choices = schema.anyOf as Schema[] | undefined;
  const only = choices?.filter((choice) => choice.type !== 'null');
  return only?.length === 1 && only[0] ? resolveSchema(only[0]) : schema;
}

/** Properties of a named object schema that `x-server-managed` marks. */
export function managedFields(schemaName: string): string[] {
  const properties = (namedSchema(schemaName).properties ?? {}) as Record<string, Schema>;
  return Object.keys(properties).filter((name) => properties[name]?.['x-server-managed'] === true);
}

function toOperation(path: string, method: string, raw: RawOperation): OperationFact {
  return {
    operationId: raw.operationId,
    method: method.toUpperCase() as OperationFact['method'],
    path,
    parameters: raw.parameters ?? [],
    bodySchema: raw.requestBody?.content['application/json']?.schema,
    responseSchema: raw.responses['2XX']?.content?.['application/json']?.schema,
    itemSchema: raw['x-pagination']?.itemSchema,
  };
}
