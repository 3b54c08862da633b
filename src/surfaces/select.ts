import { ConfigError } from '../config.ts';
import { kindOf, type PinKind, type Pins } from '../pins.ts';
import { needsConfirmation, type Policy, permits } from '../policy.ts';
import { isEverything, presets, selects, unknownNames } from '../selection.ts';
import { isHidden, withdrawnArguments } from '../tools/reach.ts';
import type { InputSchema } from '../tools/schema.ts';
import { effects, groups, helperTools, publishedTools, reaches, type Tool } from './published.ts';

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

/**
 * Refuses a selection with names of nothing, or one that leaves nothing.
 *
 * @throws ConfigError
 */
export function assertSelection({ selection }: Policy): void {
  if (isEverything(selection)) return;
  const all = Object.entries(groups).map(([id, group]) => ({ id, group }));
  const unknown = unknownNames(selection, all);
  if (unknown.length > 0) {
    const known = [...new Set(Object.values(groups)), ...Object.keys(presets)].join(', ');
    throw new ConfigError(
      `--groups, --allow or --deny names nothing there is: ${unknown.join(', ')}. Groups and presets are ${known}.`,
    );
  }
  if (!all.some((one) => selects(selection, one)))
    throw new ConfigError('--groups, --allow and --deny leave no tool.');
}

/** The tools that pins and policy leave, without the arguments that the pins take away. */
export function selectTools(pins: Pins | undefined, policy: Policy): readonly Tool[] {
  return toolsInside(pins).filter(({ name }) => permits(policy, effects[name]) && isSelected(name, policy));
}

/** The tools about calls, as far as the tools that are left have a use for them. */
export function selectHelpers(pins: Pins | undefined, policy: Policy): readonly Tool[] {
  const left = selectTools(pins, policy).map(({ name }) => effects[name] ?? 'destroy');
  const hasReads = left.includes('read');
  const hasWrites = left.some((effect) => effect !== 'read');
  const hasConfirmed = left.some((effect) => needsConfirmation(policy, effect));
  const hasUse: Record<string, boolean> = {
    confirm_call: hasConfirmed,
    preview_call: hasWrites,
    show_part: hasReads,
  };
  return helperTools.filter(({ name }) => hasUse[name]);
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
