import { isJsonObject } from '../json.ts';
import { costOf, isWithin } from './size.ts';

/** Tokens kept free to say what was left out. */
const room = 400;
const mostLeftOut = 20;

/**
 * A value that costs at most so many tokens: cut at the border of a field or an item, and then told what was left out.
 */
export function cutTo(value: unknown, tokens: number): unknown {
  if (isWithin(value, tokens)) return value;
  const leftOut: string[] = [];
  const kept = shortened(value, Math.max(tokens - room, 1), '', leftOut);
  const more = leftOut.length - mostLeftOut;
  const cut = {
    left_out: more > 0 ? [...leftOut.slice(0, mostLeftOut), `${more} more`] : leftOut,
    next: 'Ask for less: an argument such as fields, filter, limit or search; or have --max-result-tokens raised.',
  };
  return isJsonObject(kept) ? { ...kept, cut } : { result: kept, cut };
}

function shortened(value: unknown, budget: number, path: string, leftOut: string[]): unknown {
  if (isWithin(value, budget)) return value;
  if (typeof value === 'string') {
    const length = Math.max(0, Math.floor(budget * 2));
    leftOut.push(`${path}: first ${length} of ${value.length} characters`);
    return value.slice(0, length);
  }
  if (Array.isArray(value)) return fitItems(value, budget, path, leftOut);
  return isJsonObject(value) ? fitFields(Object.entries(value), budget, path, leftOut) : value;
}

function fitItems(items: readonly unknown[], budget: number, path: string, leftOut: string[]): unknown[] {
  const kept: unknown[] = [];
  let rest = budget;
  for (const item of items) {
    const cost = costOf(item) + 1;
    if (cost > rest) break;
    kept.push(item);
    rest -= cost;
  }
  if (kept.length === 0 && items.length > 0) kept.push(shortened(items[0], rest, `${path}[0]`, leftOut));
  leftOut.push(`${path}: first ${kept.length} of ${items.length} items`);
  return kept;
}

/** Small fields whole; the large ones share what they leave. */
function fitFields(
  fields: readonly (readonly [string, unknown])[],
  budget: number,
  path: string,
  leftOut: string[],
): Record<string, unknown> {
  const costs = new Map(fields.map(([name, part]) => [name, costOf(part) + costOf(name) + 1]));
  const shares = new Map<string, number>();
  let rest = budget;
  [...costs]
    .sort(([, one], [, other]) => one - other)
    .forEach(([name, cost], index) => {
      const share = Math.min(cost, Math.floor(rest / (costs.size - index)));
      shares.set(name, share);
      rest -= share;
    });
  const kept: Record<string, unknown> = {};
  for (const [name, part] of fields) {
    const where = path === '' ? name : `${path}.${name}`;
    const share = shares.get(name) ?? 0;
    if (share >= (costs.get(name) ?? 0)) kept[name] = part;
    else if (share - costOf(name) < 10) leftOut.push(where);
    else kept[name] = shortened(part, share - costOf(name) - 1, where, leftOut);
  }
  return kept;
}
