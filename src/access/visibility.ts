import { ConfigError } from '../config/load-config.ts';
import { getOrCreate } from '../lib/get-or-create.ts';
import type { Operation } from '../tools/define-operation.ts';
import type { InputSchema } from '../tools/json-schema.ts';
import { isHiddenByPins, type PinKind, pinnedArguments } from '../tools/pin-rule.ts';
import {
  effects,
  groups,
  pinRules,
  publishedBuiltinTools,
  publishedTools,
  publishedWorkflows,
  workflowReads,
} from '../tools/published.ts';
import { permissionOf } from '../tools/required-permission.ts';
import type { Tool } from '../tools/tool.ts';
import { isPermitted, type TokenPermissions } from './permissions.ts';
import { kindOf, type Pins } from './pins.ts';
import { isEffectAllowed, needsConfirmation, type Policy } from './policy.ts';
import {
  isDenied,
  isEverything,
  isInToolsets,
  presetToolsets,
  type ToolsetFilter,
  unknownNames,
} from './toolsets.ts';

/** What determines the tools that a caller sees. */
export interface View {
  readonly pins?: Pins | undefined;
  readonly policy: Policy;
  /** The token's permissions; undefined if unknown or not requested. */
  readonly permissions?: TokenPermissions | undefined;
  /** Whether lists can be written to files. */
  readonly savesFiles?: boolean;
}

/** Whether an operation is visible under pins. An operation without a pin rule is not. */
export function isVisible(id: string, pins: Pins | undefined): boolean {
  if (!pins) return true;
  const rule = Object.hasOwn(pinRules, id) ? pinRules[id] : undefined;
  return rule !== undefined && !isHiddenByPins(rule, kindOf(pins));
}

/** Whether pins and policy allow an operation to be called. */
export function isAllowed(
  { id, group, effect, pinRule }: Operation,
  { pins, policy }: Pick<View, 'pins' | 'policy'>,
): boolean {
  const isInsidePins = !pins || !isHiddenByPins(pinRule, kindOf(pins));
  return isInsidePins && isInToolsets(policy.toolsetFilter, { id, group }) && isEffectAllowed(policy, effect);
}

/** Whether the policy's toolset filter includes an operation. */
export function isInToolsetFilter(id: string, { toolsetFilter }: Policy): boolean {
  return isInToolsets(toolsetFilter, { id, group: groups[id] ?? '' });
}

const everyOperation = Object.entries(groups).map(([id, group]) => ({ id, group }));

/** The names of all toolsets. */
export const toolsetNames: readonly string[] = [
  ...new Set(Object.values(groups)),
  ...Object.keys(presetToolsets),
];

/** Names in a toolset filter that match nothing. */
export function unknownToolsets(selection: ToolsetFilter): readonly string[] {
  return unknownNames(selection, everyOperation, Object.keys(workflowReads));
}

/**
 * Checks that a toolset filter has no unknown names, and that pins and read-only mode leave at least one tool.
 *
 * @throws ConfigError
 */
export function assertToolsLeft(view: View): void {
  const { toolsetFilter } = view.policy;
  if (isEverything(toolsetFilter)) return;
  const unknown = unknownToolsets(toolsetFilter);
  if (unknown.length > 0) {
    throw new ConfigError(
      `--toolsets, --allow or --deny has unknown names: ${unknown.join(', ')}. Toolsets are ${toolsetNames.join(', ')}.`,
    );
  }
  if (visibleTools(view).length === 0) {
    throw new ConfigError(
      'No tool is left: --toolsets, --allow and --deny, together with --read-only, --account and --environment, exclude all.',
    );
  }
}

/** Why an operation is hidden. */
export type HiddenReason = 'pins' | 'selection' | 'read_only' | 'permissions';

/** Why an operation is hidden from a caller; undefined if it is visible. */
export function hiddenReason(id: string, { pins, policy, permissions }: View): HiddenReason | undefined {
  if (!isVisible(id, pins)) return 'pins';
  if (!isInToolsetFilter(id, policy)) return 'selection';
  const effect = effects[id] ?? 'destroy';
  if (!isEffectAllowed(policy, effect)) return 'read_only';
  const group = groups[id];
  const permission = group && permissionOf({ id, group });
  return isPermitted(permissions, permission, effect) ? undefined : 'permissions';
}

/** The tools that pins, policy and permissions allow, without the arguments that the pins fix. */
export function visibleTools(view: View): readonly Tool[] {
  const visible = pinnedTools(view.pins).filter(({ name }) => hiddenReason(name, view) === undefined);
  return view.savesFiles ? visible.map((tool) => (isList(tool) ? withSaveAs(tool) : tool)) : visible;
}

/** The built-in tools that are useful with the visible operations. */
export function visibleBuiltinTools(view: View): readonly Tool[] {
  const visibleEffects = visibleTools(view).map(({ name }) => effects[name] ?? 'destroy');
  const isUseful: Readonly<Record<string, boolean>> = {
    preview_call: visibleEffects.some((effect) => effect !== 'read'),
    confirm_call: visibleEffects.some((effect) => needsConfirmation(view.policy, effect)),
    confirm_calls: visibleEffects.includes('destroy'),
    read_batch: visibleEffects.includes('read'),
    read_more: visibleEffects.includes('read'),
  };
  const useful = publishedBuiltinTools.filter(({ name }) => isUseful[name] ?? true);
  return useful.map((tool) => withoutUnusedSaveAs(tool, view));
}

/** Whether a workflow is available: it is not denied, and all operations that it needs are visible. */
export function isWorkflowVisible(id: string, view: View): boolean {
  const needed = Object.hasOwn(workflowReads, id) ? workflowReads[id] : undefined;
  if (!needed || isDenied(id, view.policy.toolsetFilter)) return false;
  return needed.every((operation) => hiddenReason(operation, view) === undefined);
}

/** The workflows that are available, without the account that pins fix. */
export function visibleWorkflows(view: View): readonly Tool[] {
  const selected = publishedWorkflows.filter(({ name }) => isWorkflowVisible(name, view));
  const visible = view.savesFiles ? selected.map(withSaveAs) : selected;
  if (view.pins?.account === undefined) return visible;
  return visible.map((tool) => ({ ...tool, inputSchema: omitProperties(tool.inputSchema, ['account_id']) }));
}

const isList = ({ inputSchema }: Tool) => 'fields' in (inputSchema.properties ?? {});

/** The tool of a list or workflow with the argument that names a file for its rows. */
function withSaveAs(tool: Tool): Tool {
  const { inputSchema } = tool;
  const properties = { ...inputSchema.properties, save_as: { type: 'string' } };
  return { ...tool, inputSchema: { ...inputSchema, properties } };
}

const toolsUnder = new Map<PinKind, readonly Tool[]>();

/** The tools under pins; computed once for each kind of pins. */
export function pinnedTools(pins: Pins | undefined): readonly Tool[] {
  if (!pins) return publishedTools;
  const kind = kindOf(pins);
  return getOrCreate(toolsUnder, kind, () =>
    publishedTools
      .filter(({ name }) => isVisible(name, pins))
      .map((tool) => withoutPinnedArguments(tool, kind)),
  );
}

/** A tool that can write files, without the argument for that where this server writes none. */
export function withoutUnusedSaveAs(tool: Tool, { savesFiles }: Pick<View, 'savesFiles'>): Tool {
  const isUnused = !savesFiles && tool.inputSchema.properties && 'save_as' in tool.inputSchema.properties;
  return isUnused ? { ...tool, inputSchema: omitProperties(tool.inputSchema, ['save_as']) } : tool;
}

function withoutPinnedArguments(tool: Tool, kind: PinKind): Tool {
  const rule = pinRules[tool.name];
  const removed = rule ? pinnedArguments(rule, kind) : [];
  return removed.length === 0 ? tool : { ...tool, inputSchema: omitProperties(tool.inputSchema, removed) };
}

function omitProperties(schema: InputSchema, names: readonly string[]): InputSchema {
  const { properties = {}, required, ...rest } = schema;
  const needed = required?.filter((name) => !names.includes(name));
  return {
    ...rest,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name))),
    ...(needed?.length && { required: needed }),
  };
}
