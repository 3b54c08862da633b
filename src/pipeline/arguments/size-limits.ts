/** Limits far above what any operation needs. The checks of arguments walk through all values, level by level. */
const maxValues = 20_000;
const maxDepth = 64;

/** The problem of arguments above the limits, for error texts. */
export const exceededLimit = `more than ${maxValues} values or ${maxDepth} levels`;

/** Whether arguments are within the limits. */
export function isWithinLimits(raw: unknown): boolean {
  return countValues(raw, 0, 1) <= maxValues;
}

/** The number of values, plus `before`; more than the limit if the value is too deep. */
function countValues(value: unknown, depth: number, before: number): number {
  if (typeof value !== 'object' || value === null) return before;
  let count = before;
  for (const key in value) {
    if (depth === maxDepth || count > maxValues) return maxValues + 1;
    count = countValues((value as Record<string, unknown>)[key], depth + 1, count + 1);
  }
  return count;
}
