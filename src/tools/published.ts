import { builtinTools } from './builtin/index.ts';
import { catalogue } from './catalogue.ts';
import type { Effect, Group } from './define-operation.ts';
import { takesSecret } from './json-schema.ts';
import type { PinRule } from './pin-rule.ts';
import { type Tool, toTool } from './tool.ts';
import { workflows } from './workflows/index.ts';

/**
 * Every operation as a tool. The build evaluates this module and puts its value into the bundle, because converting the
 * schemas would take most of the start-up time.
 */
export const publishedTools: readonly Tool[] = catalogue.map(toTool);

/** The pin rule of each operation, by its id. */
export const pinRules: Readonly<Record<string, PinRule>> = Object.fromEntries(
  catalogue.map(({ id, pinRule }) => [id, pinRule]),
);

/** The effect of each operation, by its id. */
export const effects: Readonly<Record<string, Effect>> = Object.fromEntries(
  catalogue.map(({ id, effect }) => [id, effect]),
);

/** Whether each operation takes or returns secrets, by its id. */
export const handlesSecrets: Readonly<Record<string, boolean>> = Object.fromEntries(
  catalogue.map((operation) => [
    operation.id,
    operation.returnsSecret || operation.secrets.length > 0 || takesSecret(operation),
  ]),
);

/** The group of each operation, by its id. */
export const groups: Readonly<Record<string, Group>> = Object.fromEntries(
  catalogue.map(({ id, group }) => [id, group]),
);

/** The built-in tools. */
export const publishedBuiltinTools: readonly Tool[] = builtinTools.map(toTool);

/** The workflows. */
export const publishedWorkflows: readonly Tool[] = workflows.map(toTool);

/** The operations that each workflow needs, by its id. */
export const workflowReads: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  workflows.map(({ id, reads }) => [id, reads]),
);
