import { kindOf } from '../access/pins.ts';
import { hiddenReason, isWorkflowVisible, type View, visibleBuiltinTools } from '../access/visibility.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import { isWorkflow } from '../tools/effect-of.ts';
import { pinnedArguments } from '../tools/pin-rule.ts';
import { effects, pinRules } from '../tools/published.ts';
import { publishedSkills } from './published.ts';
import type { Skill, SkillArgument, SkillCall, SkillPart } from './skill.ts';

/** The skills whose calls are all available to a caller. */
export function visibleSkills(view: View): readonly Skill[] {
  return publishedSkills.filter(({ parts }) =>
    parts.every(({ call }) => !call || call.optional || isCallAvailable(call, view)),
  );
}

/** The arguments of a skill that pins do not fix. */
export function visibleArguments(skill: Skill, view: View): readonly SkillArgument[] {
  return skill.arguments.filter(({ name }) => pinnedValue(name, view) === undefined);
}

/** The value that pins fix for an argument of a skill. */
export function pinnedValue(name: string, { pins }: Pick<View, 'pins'>): string | undefined {
  if (name === 'account_id') return pins?.account;
  return name === 'environment' ? pins?.environment : undefined;
}

/** The parts of a skill without optional steps that are not available, and without arguments that pins fix. */
export function visibleParts(skill: Skill, view: View): readonly SkillPart[] {
  const left = new Set(
    skill.parts.flatMap(({ step, call }) => (step && call && !isCallAvailable(call, view) ? step : [])),
  );
  return skill.parts.filter(
    ({ step, argument }) =>
      !(step && left.has(step)) && !(argument && pinnedValue(argument, view) !== undefined),
  );
}

/** The arguments of a call that the tool has for this caller. */
export function visibleCallArguments({ operation, arguments: args }: SkillCall, view: View): JsonObject {
  const hidden = hiddenArguments(operation, view);
  const entries = Object.entries(args).filter(([name]) => !hidden.includes(name));
  const inner = previewedCall({ operation, arguments: args });
  return inner ? { ...args, arguments: visibleCallArguments(inner, view) } : Object.fromEntries(entries);
}

/** Whether a caller can make a call, with all that its purpose needs. */
export function isCallAvailable(call: SkillCall, view: View): boolean {
  const { operation, arguments: args } = call;
  const inner = previewedCall(call);
  if (inner && !isCallAvailable(inner, view)) return false;
  if (isWorkflow(operation)) return isWorkflowVisible(operation, view);
  if (!Object.hasOwn(effects, operation))
    return visibleBuiltinTools(view).some(({ name }) => name === operation);
  if (hiddenReason(operation, view) !== undefined) return false;
  // A value that is part of the skill's purpose, such as an environment to change to, cannot be left out.
  return hiddenArguments(operation, view).every((name) => !(name in args) || args[name] === `{{${name}}}`);
}

/** The call that `preview_call` shows. */
function previewedCall({ operation, arguments: args }: SkillCall): SkillCall | undefined {
  const { tool, arguments: given } = args;
  return operation === 'preview_call' && typeof tool === 'string' && isJsonObject(given)
    ? { operation: tool, arguments: given }
    : undefined;
}

function hiddenArguments(operation: string, { pins }: Pick<View, 'pins'>): readonly string[] {
  if (!pins) return [];
  if (isWorkflow(operation)) return pins.account === undefined ? [] : ['account_id'];
  const rule = Object.hasOwn(pinRules, operation) ? pinRules[operation] : undefined;
  return rule ? pinnedArguments(rule, kindOf(pins)) : [];
}
