import { runnerOf, runners } from '../surfaces/compact/definitions.ts';
import { type Helper, helpers } from './builtin/index.ts';
import { catalogue } from './catalogue.ts';
import {
  type Annotations,
  annotationsOf,
  type Effect,
  type Group,
  type Operation,
} from './define-operation.ts';
import { type InputSchema, inputSchemaOf, takesSecret } from './json-schema.ts';
import type { Reach } from './pin-rule.ts';

/** A tool as clients see it (MCP specification 2025-11-25, tools). */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: InputSchema;
  readonly annotations: Annotations;
}

/**
 * Every operation as a tool. The build evaluates this module and puts its value into the bundle: converting the
 * schemas, and building what they are converted from, is most of a start.
 */
export const publishedTools: readonly Tool[] = catalogue.map(toTool);

/** What each operation can touch, by its id: for selection, not for clients. */
export const reaches: Readonly<Record<string, Reach>> = Object.fromEntries(
  catalogue.map(({ id, reach }) => [id, reach]),
);

/** What each operation does, by its id. */
export const effects: Readonly<Record<string, Effect>> = Object.fromEntries(
  catalogue.map(({ id, effect }) => [id, effect]),
);

/** Whether secrets go into an operation or come out of it, by its id. */
export const handlesSecrets: Readonly<Record<string, boolean>> = Object.fromEntries(
  catalogue.map((operation) => [
    operation.id,
    operation.yieldsSecret || operation.secrets.length > 0 || takesSecret(operation),
  ]),
);

/** The group of each operation, by its id. */
export const groups: Readonly<Record<string, Group>> = Object.fromEntries(
  catalogue.map(({ id, group }) => [id, group]),
);

/** The tools about calls. */
export const helperTools: readonly Tool[] = helpers.map(toTool);

/** The tool that runs operations where they are none themselves, by their effect. */
export const runnerNames: Readonly<Record<Effect, string>> = {
  read: runnerOf('read').id,
  create: runnerOf('create').id,
  change: runnerOf('change').id,
  destroy: runnerOf('destroy').id,
};

/** The tools that find and run operations, where these are not tools themselves. */
export const runnerTools: readonly Tool[] = runners.map(toTool);

function toTool(operation: Operation | Helper): Tool {
  return {
    name: operation.id,
    title: operation.title,
    description: operation.summary,
    inputSchema: inputSchemaOf(operation),
    annotations: annotationsOf(operation),
  };
}
