/** Far above what any operation takes; what checks the arguments goes through all of them, level by level. */
const mostValues = 20_000;
const deepest = 64;

/** What is wrong with arguments that are not bounded. */
export const beyondBounds = `more than ${mostValues} values or ${deepest} levels`;

/** Whether arguments are few and flat enough to be looked through. */
export function isBounded(raw: unknown): boolean {
  return countWithin(raw, 0, 1) <= mostValues;
}

/** How many values there are, the given number before this one included; more than are allowed where it is too deep. */
function countWithin(value: unknown, depth: number, before: number): number {
  if (typeof value !== 'object' || value === null) return before;
  let count = before;
  for (const key in value) {
    if (depth === deepest || count > mostValues) return mostValues + 1;
    count = countWithin((value as Record<string, unknown>)[key], depth + 1, count + 1);
  }
  return count;
}
