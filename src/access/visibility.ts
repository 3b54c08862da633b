import { ConfigError } from '../config/load-config.ts';
import type { InputSchema } from '../tools/json-schema.ts';
import { isHidden, withdrawnArguments } from '../tools/pin-rule.ts';
import { effects, groups, helperTools, publishedTools, reaches, type Tool } from '../tools/published.ts';
import { permissionOf } from '../tools/required-permission.ts';
import { mayDo, type Rights } from './permissions.ts';
import { kindOf, type PinKind, type Pins } from './pins.ts';
import { needsConfirmation, type Policy, permits } from './policy.ts';
import { isEverything, presets, type Selection, selects, unknownNames } from './toolsets.ts';

/** What decides which operations a caller is shown. A session is one. */
export interface View {
  readonly pins?: Pins | undefined;
  readonly policy: Policy;
  /** What the token may do; undefined where it is not known, or not asked for. */
  readonly rights?: Rights | undefined;
}

/** Whether pins leave an operation in sight. One whose reach is unknown is not. */
export function isServed(id: string, pins: Pins | undefined): boolean {
  if (!pins) return true;
  const reach = Object.hasOwn(reaches, id) ? reaches[id] : undefined;
  return reach !== undefined && !isHidden(reach, kindOf(pins));
}

/** Whether the policy's selection leaves an operation in sight. */
export function isSelected(id: string, { selection }: Policy): boolean {
  return selects(selection, { id, group: groups[id] ?? '' });
}

const everyOperation = Object.entries(groups).map(([id, group]) => ({ id, group }));

/** Names in a selection that select nothing. */
export function unknownIn(selection: Selection): readonly string[] {
  return unknownNames(selection, everyOperation);
}

/**
 * Refuses a selection with names of nothing, or one of which pins and read-only leave nothing.
 *
 * @throws ConfigError
 */
export function assertSelection(view: View): void {
  const { selection } = view.policy;
  if (isEverything(selection)) return;
  const unknown = unknownIn(selection);
  if (unknown.length > 0) {
    const known = [...new Set(Object.values(groups)), ...Object.keys(presets)].join(', ');
    throw new ConfigError(
      `--groups, --allow or --deny names nothing there is: ${unknown.join(', ')}. Groups and presets are ${known}.`,
    );
  }
  if (selectTools(view).length === 0) {
    throw new ConfigError(
      '--groups, --allow and --deny leave no tool, with what --read-only, --account and --environment leave.',
    );
  }
}

/** Why an operation is not shown. */
export type Absence = 'pins' | 'selection' | 'read_only' | 'rights';

/** Why an operation is not shown to a caller; undefined when it is. */
export function absenceOf(id: string, { pins, policy, rights }: View): Absence | undefined {
  if (!isServed(id, pins)) return 'pins';
  if (!isSelected(id, policy)) return 'selection';
  const effect = effects[id] ?? 'destroy';
  if (!permits(policy, effect)) return 'read_only';
  const group = groups[id];
  const permission = group && permissionOf({ id, group });
  return mayDo(rights, permission, effect) ? undefined : 'rights';
}

/** The tools that pins, policy and rights leave, without the arguments that the pins take away. */
export function selectTools(view: View): readonly Tool[] {
  return toolsInside(view.pins).filter(({ name }) => absenceOf(name, view) === undefined);
}

/** The tools of this server's own, as far as the tools that are left have a use for them. */
export function selectHelpers(view: View): readonly Tool[] {
  const left = selectTools(view).map(({ name }) => effects[name] ?? 'destroy');
  const isUseful: Readonly<Record<string, boolean>> = {
    preview_call: left.some((effect) => effect !== 'read'),
    confirm_call: left.some((effect) => needsConfirmation(view.policy, effect)),
    show_part: left.includes('read'),
  };
  return helperTools.filter(({ name }) => isUseful[name] ?? true);
}

const toolsUnder = new Map<PinKind, readonly Tool[]>();

/** Computed once for each kind of pins. */
function toolsInside(pins: Pins | undefined): readonly Tool[] {
  if (!pins) return publishedTools;
  const kind = kindOf(pins);
  const known = toolsUnder.get(kind);
  if (known) return known;
  const tools = publishedTools.filter(({ name }) => isServed(name, pins)).map((tool) => narrow(tool, kind));
  toolsUnder.set(kind, tools);
  return tools;
}

function narrow(tool: Tool, kind: PinKind): Tool {
  const reach = reaches[tool.name];
  const withdrawn = reach ? withdrawnArguments(reach, kind) : [];
  return withdrawn.length === 0 ? tool : { ...tool, inputSchema: without(tool.inputSchema, withdrawn) };
}

function without(schema: InputSchema, names: readonly string[]): InputSchema {
  const { properties = {}, required, ...rest } = schema;
  const needed = required?.filter((name) => !names.includes(name));
  return {
    ...rest,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name))),
    ...(needed?.length && { required: needed }),
  };
}
