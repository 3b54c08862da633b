/* Validation with Ajv against the fact sheet. Schemas are compiled on first use, once per process. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { managementDocument, type Schema } from './facts.ts';

/** One validation error. */
export interface Issue {
  /** JSON Pointer to the place; empty for the value itself. */
  readonly pointer: string;
  readonly message: string;
  /** The value there, if any. */
  readonly value: unknown;
}

const documentId = 'https://sandbox.invalid/management';
let shared: Ajv2020 | undefined;
const compiled = new Map<string, ValidateFunction>();

/** Validates `value` against a schema of the fact sheet, given by name or inline; returns no issues if it is valid. */
export function findIssues(schema: string | Schema, value: unknown): Issue[] {
  const validate = compile(schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => toIssue(error, value));
}

function compile(schema: string | Schema): ValidateFunction {
  const inline = typeof schema === 'string' ? { $ref: `#/components/schemas/${schema}` } : schema;
  const key = JSON.stringify(inline);
  const known = compiled.get(key);
  if (known) return known;
  shared ??= createAjv();
  const made = shared.compile(qualifyRefs(inline) as Schema);
  compiled.set(key, made);
  return made;
}

function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, strict: false, discriminator: true, verbose: true });
  addFormats.default(ajv);
  ajv.addSchema(withoutMappings({ $id: documentId, components: managementDocument().components }) as Schema);
  return ajv;
}

// Ajv supports `discriminator`, which limits errors to one variant, but rejects its `mapping`; the variants'
// `const` means the same.
function withoutMappings(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutMappings);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === 'discriminator' ? { propertyName: (value as Schema).propertyName } : withoutMappings(value),
    ]),
  );
}

function qualifyRefs(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(qualifyRefs);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === '$ref' && String(value).startsWith('#') ? documentId + value : qualifyRefs(value),
    ]),
  );
}

function toIssue(error: ErrorObject, root: unknown): Issue {
  const missing = error.keyword === 'required' ? String(error.params.missingProperty) : undefined;
  const pointer =
    missing === undefined ? error.instancePath : `${error.instancePath}/${escapePointer(missing)}`;
  const allowed = error.keyword === 'enum' ? describeChoices(error.params.allowedValues as unknown[]) : '';
  return {
    pointer,
    message: missing === undefined ? `${error.message ?? 'is not valid'}${allowed}` : 'is required',
    value: pointer === '' ? root : missing === undefined ? error.data : undefined,
  };
}

function describeChoices(values: readonly unknown[]): string {
  const shown = values.slice(0, 20).join(', ');
  return values.length > 20 ? `: ${shown}, … (${values.length} in all)` : `: ${shown}`;
}

/** One reference token of a JSON Pointer, escaped. */
export function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}
