import { builtinTools } from './builtin/index.ts';
import { catalogue } from './catalogue.ts';
import type { Effect, Group } from './define-operation.ts';
import { takesSecret } from './json-schema.ts';
import type { PinRule } from './pin-rule.ts';
import { type Tool, toTool } from './tool.ts';

/**
 * Every operation as a tool. The build evaluates this module and puts its value into the bundle: converting the
 * schemas, and building what they are converted from, is most of a start.
 */
export const publishedTools: readonly Tool[] = catalogue.map(toTool);

/** What each operation can touch, by its id: for selection, not for clients. */
export const pinRules: Readonly<Record<string, PinRule>> = Object.fromEntries(
  catalogue.map(({ id, pinRule }) => [id, pinRule]),
);

/** What each operation does, by its id. */
export const effects: Readonly<Record<string, Effect>> = Object.fromEntries(
  catalogue.map(({ id, effect }) => [id, effect]),
);

/** Whether secrets go into an operation or come out of it, by its id. */
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

/** The tools about calls. */
export const publishedBuiltinTools: readonly Tool[] = builtinTools.map(toTool);
