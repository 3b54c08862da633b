import * as z from 'zod';
import { getOrCreate } from '../lib/get-or-create.ts';
import type { Operation } from './define-operation.ts';
import { isAbbreviated, isSecret, publishedValuesOf } from './schemas/fields.ts';

/** A JSON Schema 2020-12 object schema, as published to clients. */
export interface InputSchema {
  readonly type: 'object';
  readonly properties?: Record<string, object>;
  readonly required?: string[];
  readonly additionalProperties: false;
}

/** The part of JSON Schema that describes arguments. */
export interface ArgumentSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, ArgumentSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: ArgumentSchema;
  readonly oneOf?: readonly ArgumentSchema[];
  readonly anyOf?: readonly ArgumentSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
}

type Node = Record<string, unknown>;

/** The part of a tool that defines its arguments. */
type WithInput = Pick<Operation, 'input'>;

const publishedSchemas = new WeakMap<WithInput, InputSchema>();

/**
 * The published input schema of an operation: what a model needs, with the JSON Schema keywords that all model
 * APIs accept. Arguments are validated against `operation.input`, which has more checks and also takes null.
 * Converted once per process, because the conversion is slow. `$schema` is left out because
 * 2020-12 is the protocol's default dialect (MCP specification 2025-11-25, tools).
 */
export function inputSchemaOf(operation: WithInput): InputSchema {
  return getOrCreate(publishedSchemas, operation, () => toInputSchema(operation));
}

function toInputSchema({ input }: WithInput): InputSchema {
  const { $schema, ...schema } = z.toJSONSchema(input, {
    io: 'input',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema }) => {
      const node = jsonSchema as Node;
      hideNull(node);
      replaceUnsupportedKeywords(node);
      if (isAbbreviated(zodSchema)) abbreviate(node);
      const values = publishedValuesOf(zodSchema);
      if (values) node.enum = [...values];
      hideChecks(node);
      hideEmptySchemas(node);
    },
  });
  if (!isInputSchema(schema)) throw new Error('The arguments of an operation must be a strict object.');
  return schema;
}

function isInputSchema(schema: object): schema is InputSchema {
  return (
    'type' in schema &&
    schema.type === 'object' &&
    'additionalProperties' in schema &&
    schema.additionalProperties === false
  );
}

/** Whether any argument, at whatever depth, takes a secret. */
export function takesSecret(operation: WithInput): boolean {
  let takes = false;
  z.toJSONSchema(operation.input, {
    io: 'input',
    override: ({ zodSchema }) => {
      takes ||= isSecret(zodSchema);
    },
  });
  return takes;
}

const fullSchemas = new WeakMap<WithInput, ArgumentSchema>();

/** The full schema that arguments are validated against; converted with the first call. */
export function argumentSchemaOf(operation: WithInput): ArgumentSchema {
  return getOrCreate(
    fullSchemas,
    operation,
    () => z.toJSONSchema(operation.input, { io: 'input', reused: 'inline' }) as ArgumentSchema,
  );
}

/** Removes the details of an abbreviated field. Its description gives the rest. */
function abbreviate(node: Node): void {
  if (node.anyOf) node.type = 'object';
  for (const detail of ['properties', 'required', 'additionalProperties', 'anyOf', 'enum'])
    delete node[detail];
  if (node.items) node.items = { type: 'object' };
}

/**
 * zod publishes a nullable field as `anyOf: [field, {type: null}]`, later on as `type: [.., "null"]`. Clients
 * turn either into a declaration that Gemini's API refuses, and with it every tool (gemini-cli 21094, opencode
 * 48073, copilot-cli 4623). The summary of the tool says that null clears a field.
 */
function hideNull(node: Node): void {
  const options = node.anyOf;
  if (!Array.isArray(options) || options.length !== 2) return;
  const [field, nullOption] = options as [Node, Node];
  if (nullOption.type !== 'null') return;
  delete node.anyOf;
  for (const [key, value] of Object.entries(field)) node[key] ??= value;
}

/** OpenAI's API refuses `oneOf` at any depth (oh-my-pi 920), Gemini's `const` (google_workspace_mcp 1099). */
function replaceUnsupportedKeywords(node: Node): void {
  if (node.oneOf) {
    node.anyOf = node.oneOf;
    delete node.oneOf;
  }
  if ('const' in node) {
    node.enum = [node.const];
    delete node.const;
  }
}

/** Hides checks that cost tokens and seldom fail. Arguments are still validated against them. */
function hideChecks(node: Node): void {
  for (const check of ['pattern', 'minLength', 'maxLength', 'minItems', 'maxItems']) delete node[check];
  if (node.minimum === 1 || node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
  if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
}

/** Removes `properties: {}` and `additionalProperties: {}`, which zod adds to open objects and which are the defaults. */
function hideEmptySchemas(node: Node): void {
  if (!isEmpty(node.additionalProperties)) return;
  delete node.additionalProperties;
  if (isEmpty(node.properties)) delete node.properties;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
