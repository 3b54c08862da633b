import { ExactNumber } from '../exact-json.ts';

/** Far above what any operation takes; what checks the arguments goes through all of them, level by level. */
const mostValues = 20_000;
const deepest = 64;

/** What is wrong with arguments that are not bounded. */
export const beyondBounds = `more than ${mostValues} values or ${deepest} levels`;

/** Whether arguments are few and flat enough to be looked through. */
export function isBounded(raw: unknown): boolean {
  let level = [raw];
  let values = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    values += level.length;
    if (depth > deepest || values > mostValues) return false;
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null && !(value instanceof ExactNumber)
        ? Object.values(value)
        : [],
    );
  }
  return true;
}
