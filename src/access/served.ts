import type { Session } from '../request-context.ts';
import type { Operation } from '../tools/define-operation.ts';
import { isHidden } from '../tools/pin-rule.ts';
import { kindOf } from './pins.ts';
import { permits } from './policy.ts';
import { selects } from './toolsets.ts';

/** Whether a session's own call of an operation would be let through, as far as its pins and policy go. */
export function isServed({ id, group, effect, reach }: Operation, { pins, policy }: Session): boolean {
  const isInside = !pins || !isHidden(reach, kindOf(pins));
  return isInside && selects(policy.selection, { id, group }) && permits(policy, effect);
}
