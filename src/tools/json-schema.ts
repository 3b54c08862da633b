import * as z from 'zod';
import type { Operation } from './define-operation.ts';
import { isAbbreviated, isSecret, publishedValuesOf } from './schemas/fields.ts';

/** A JSON Schema 2020-12 object schema, as published to clients. */
export interface InputSchema {
  readonly type: 'object';
  readonly properties?: Record<string, object>;
  readonly required?: string[];
  readonly additionalProperties: false;
}

/** The part of JSON Schema that arguments are described by. */
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

/** A tool, as far as its arguments go. */
type Taking = Pick<Operation, 'input'>;

const published = new WeakMap<Taking, InputSchema>();

/**
 * The published input schema of an operation: what a model needs, in the words of JSON Schema that all model
 * APIs take. Arguments are held to `operation.input`, which is stricter in some checks and takes null besides.
 * Converted once per process: conversion is what makes a tool list slow. `$schema` is left out because
 * 2020-12 is the protocol's default dialect (MCP specification 2025-11-25, tools).
 */
export function inputSchemaOf(operation: Taking): InputSchema {
  let schema = published.get(operation);
  if (!schema) {
    const { $schema, ...rest } = z.toJSONSchema(operation.input, {
      io: 'input',
      reused: 'inline',
      override: ({ zodSchema, jsonSchema }) => {
        const node = jsonSchema as Node;
        hideNull(node);
        inlineDescription(node);
        if (isAbbreviated(zodSchema)) abbreviate(node);
        const values = publishedValuesOf(zodSchema);
        if (values) node.enum = [...values];
        hideChecks(node);
        hideOpenness(node);
      },
    });
    schema = rest as unknown as InputSchema;
    published.set(operation, schema);
  }
  return schema;
}

/** Whether any argument, at whatever depth, takes a secret. */
export function takesSecret(operation: Taking): boolean {
  let takes = false;
  z.toJSONSchema(operation.input, {
    io: 'input',
    override: ({ zodSchema }) => {
      takes ||= isSecret(zodSchema);
    },
  });
  return takes;
}

const whole = new WeakMap<Taking, ArgumentSchema>();

/** The schema that arguments are held to, with nothing hidden or sketched; converted with the first call. */
export function argumentSchemaOf(operation: Taking): ArgumentSchema {
  let schema = whole.get(operation);
  if (!schema) {
    schema = z.toJSONSchema(operation.input, { io: 'input', reused: 'inline' }) as ArgumentSchema;
    whole.set(operation, schema);
  }
  return schema;
}

/** Leaves of a sketched field its outline only; its text tells the rest. */
function abbreviate(node: Node): void {
  if (node.anyOf) node.type = 'object';
  for (const detail of ['properties', 'required', 'additionalProperties', 'anyOf', 'enum'])
    delete node[detail];
  if (node.items) node.items = { type: 'object' };
}

/**
 * zod publishes a nullable field as `anyOf: [field, {type: null}]`, later on as `type: [.., "null"]`. Clients
 * turn either into a declaration that Gemini's API refuses, and with it every tool (gemini-cli 21094, opencode
 * 48073, copilot-cli 4623). That null clears a field is said in the summary of the tool.
 */
function hideNull(node: Node): void {
  const options = node.anyOf;
  if (!Array.isArray(options) || options.length !== 2) return;
  const [field, nothing] = options as [Node, Node];
  if (nothing.type !== 'null') return;
  delete node.anyOf;
  for (const [key, value] of Object.entries(field)) node[key] ??= value;
}

/** OpenAI's API refuses `oneOf` at any depth (oh-my-pi 920), Gemini's `const` (google_workspace_mcp 1099). */
function inlineDescription(node: Node): void {
  if (node.oneOf) {
    node.anyOf = node.oneOf;
    delete node.oneOf;
  }
  if ('const' in node) {
    node.enum = [node.const];
    delete node.const;
  }
}

/** Checks that cost tokens and that a model seldom fails; arguments are held to them all the same. */
function hideChecks(node: Node): void {
  for (const check of ['pattern', 'minLength', 'maxLength', 'minItems', 'maxItems']) delete node[check];
  if (node.minimum === 1 || node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
  if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
}

/** zod says `properties: {}` and `additionalProperties: {}` of an open object; both are what is taken anyway. */
function hideOpenness(node: Node): void {
  if (!isEmpty(node.additionalProperties)) return;
  delete node.additionalProperties;
  if (isEmpty(node.properties)) delete node.properties;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
