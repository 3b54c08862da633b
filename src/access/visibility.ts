import { ConfigError } from '../config/load-config.ts';
import type { Operation } from '../tools/define-operation.ts';
import type { InputSchema } from '../tools/json-schema.ts';
import { isHiddenByPins, type PinKind, pinnedArguments } from '../tools/pin-rule.ts';
import { effects, groups, pinRules, publishedBuiltinTools, publishedTools } from '../tools/published.ts';
import { permissionOf } from '../tools/required-permission.ts';
import type { Tool } from '../tools/tool.ts';
import { isPermitted, type TokenPermissions } from './permissions.ts';
import { kindOf, type Pins } from './pins.ts';
import { isEffectAllowed, needsConfirmation, type Policy } from './policy.ts';
import { isEverything, isInToolsets, presetToolsets, type ToolsetFilter, unknownNames } from './toolsets.ts';

/** What decides which operations a caller is shown. A session is one. */
export interface View {
  readonly pins?: Pins | undefined;
  readonly policy: Policy;
  /** What the token may do; undefined where it is not known, or not asked for. */
  readonly permissions?: TokenPermissions | undefined;
}

/** Whether pins leave an operation in sight. One whose reach is unknown is not. */
export function isVisible(id: string, pins: Pins | undefined): boolean {
  if (!pins) return true;
  const reach = Object.hasOwn(pinRules, id) ? pinRules[id] : undefined;
  return reach !== undefined && !isHiddenByPins(reach, kindOf(pins));
}

/** Whether pins and policy let an operation be called. */
export function isAllowed({ id, group, effect, pinRule }: Operation, { pins, policy }: View): boolean {
  const isInside = !pins || !isHiddenByPins(pinRule, kindOf(pins));
  return isInside && isInToolsets(policy.toolsetFilter, { id, group }) && isEffectAllowed(policy, effect);
}

/** Whether the policy's selection leaves an operation in sight. */
export function isInSelection(id: string, { toolsetFilter }: Policy): boolean {
  return isInToolsets(toolsetFilter, { id, group: groups[id] ?? '' });
}

const everyOperation = Object.entries(groups).map(([id, group]) => ({ id, group }));

/** Names in a selection that select nothing. */
export function unknownToolsets(selection: ToolsetFilter): readonly string[] {
  return unknownNames(selection, everyOperation);
}

/**
 * Refuses a selection with names of nothing, or one of which pins and read-only leave nothing.
 *
 * @throws ConfigError
 */
export function assertToolsLeft(view: View): void {
  const { toolsetFilter } = view.policy;
  if (isEverything(toolsetFilter)) return;
  const unknown = unknownToolsets(toolsetFilter);
  if (unknown.length > 0) {
    const known = [...new Set(Object.values(groups)), ...Object.keys(presetToolsets)].join(', ');
    throw new ConfigError(
      `--toolsets, --allow or --deny names nothing there is: ${unknown.join(', ')}. Groups and presets are ${known}.`,
    );
  }
  if (visibleTools(view).length === 0) {
    throw new ConfigError(
      '--toolsets, --allow and --deny leave no tool, with what --read-only, --account and --environment leave.',
    );
  }
}

/** Why an operation is not shown. */
export type HiddenReason = 'pins' | 'selection' | 'read_only' | 'permissions';

/** Why an operation is not shown to a caller; undefined when it is. */
export function hiddenReason(id: string, { pins, policy, permissions }: View): HiddenReason | undefined {
  if (!isVisible(id, pins)) return 'pins';
  if (!isInSelection(id, policy)) return 'selection';
  const effect = effects[id] ?? 'destroy';
  if (!isEffectAllowed(policy, effect)) return 'read_only';
  const group = groups[id];
  const permission = group && permissionOf({ id, group });
  return isPermitted(permissions, permission, effect) ? undefined : 'permissions';
}

/** The tools that pins, policy and rights leave, without the arguments that the pins take away. */
export function visibleTools(view: View): readonly Tool[] {
  return toolsInside(view.pins).filter(({ name }) => hiddenReason(name, view) === undefined);
}

/** The tools of this server's own, as far as the tools that are left have a use for them. */
export function visibleBuiltinTools(view: View): readonly Tool[] {
  const left = visibleTools(view).map(({ name }) => effects[name] ?? 'destroy');
  const isUseful: Readonly<Record<string, boolean>> = {
    preview_call: left.some((effect) => effect !== 'read'),
    confirm_call: left.some((effect) => needsConfirmation(view.policy, effect)),
    read_more: left.includes('read'),
  };
  return publishedBuiltinTools.filter(({ name }) => isUseful[name] ?? true);
}

const toolsUnder = new Map<PinKind, readonly Tool[]>();

/** Computed once for each kind of pins. */
function toolsInside(pins: Pins | undefined): readonly Tool[] {
  if (!pins) return publishedTools;
  const kind = kindOf(pins);
  const known = toolsUnder.get(kind);
  if (known) return known;
  const tools = publishedTools
    .filter(({ name }) => isVisible(name, pins))
    .map((tool) => withoutPinnedArguments(tool, kind));
  toolsUnder.set(kind, tools);
  return tools;
}

function withoutPinnedArguments(tool: Tool, kind: PinKind): Tool {
  const reach = pinRules[tool.name];
  const withdrawn = reach ? pinnedArguments(reach, kind) : [];
  return withdrawn.length === 0
    ? tool
    : { ...tool, inputSchema: omitProperties(tool.inputSchema, withdrawn) };
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
