/** Far above what any operation takes; what checks the arguments goes through all of them, level by level. */
const maxValues = 20_000;
const maxDepth = 64;

/** What is wrong with arguments that are not bounded. */
export const exceededLimit = `more than ${maxValues} values or ${maxDepth} levels`;

/** Whether arguments are few and flat enough to be looked through. */
export function isWithinLimits(raw: unknown): boolean {
  return countValues(raw, 0, 1) <= maxValues;
}

/** How many values there are, the given number before this one included; more than are allowed where it is too deep. */
function countValues(value: unknown, depth: number, before: number): number {
  if (typeof value !== 'object' || value === null) return before;
  let count = before;
  for (const key in value) {
    if (depth === maxDepth || count > maxValues) return maxValues + 1;
    count = countValues((value as Record<string, unknown>)[key], depth + 1, count + 1);
  }
  return count;
}
