import { kindOf } from '../pins.ts';
import { permits } from '../policy.ts';
import { selects } from '../selection.ts';
import type { Session } from '../session.ts';
import type { Operation } from '../tools/operation.ts';
import { isHidden } from '../tools/reach.ts';

/** Whether a session's own call of an operation would be let through, as far as its pins and policy go. */
export function isServed({ id, group, effect, reach }: Operation, { pins, policy }: Session): boolean {
  const isInside = !pins || !isHidden(reach, kindOf(pins));
  return isInside && selects(policy.selection, { id, group }) && permits(policy, effect);
}
