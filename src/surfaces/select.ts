import { kindOf, type PinKind, type Pins } from '../pins.ts';
import { type Policy, permits } from '../policy.ts';
import { isHidden, withdrawnArguments } from '../tools/reach.ts';
import type { InputSchema } from '../tools/schema.ts';
import { effects, helperTools, publishedTools, reaches, type Tool } from './published.ts';

/** Whether pins leave an operation in sight. One whose reach is unknown is not. */
export function isServed(id: string, pins: Pins | undefined): boolean {
  if (!pins) return true;
  const reach = Object.hasOwn(reaches, id) ? reaches[id] : undefined;
  return reach !== undefined && !isHidden(reach, kindOf(pins));
}

/** The tools that pins and policy leave, without the arguments that the pins take away. */
export function selectTools(pins: Pins | undefined, policy: Policy): readonly Tool[] {
  return toolsInside(pins).filter(({ name }) => permits(policy, effects[name]));
}

/** The tools about calls that a policy has a use for. */
export function selectHelpers({ readOnly, confirm }: Policy): readonly Tool[] {
  if (readOnly) return [];
  return helperTools.filter(({ annotations }) => annotations.readOnlyHint || confirm !== 'never');
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
