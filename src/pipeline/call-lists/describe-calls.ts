import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { toTable } from '../result/table.ts';
import type { InspectedCall, InspectedCalls } from './inspect-calls.ts';

/**
 * What the calls of a list would do together: how many there are of each operation, the sum of what they affect, one row
 * for each call, and the errors of those that cannot be made.
 */
export function describeCalls({ calls, refused }: InspectedCalls): JsonObject {
  const affected = sumOf(calls);
  const errors = refused.map(({ index, name, error }) => ({
    call: index,
    operation: name,
    code: error.code,
    message: error.message,
    arguments: error.arguments,
    closest: error.closest,
  }));
  return {
    ...(calls.length > 0 && {
      total: {
        ...countsOf(calls.map(({ operation }) => operation.id)),
        ...(affected && { affects: affected }),
      },
      calls: toTable(calls.map(rowOf), [
        'call',
        'operation',
        'target',
        'name',
        'environment',
        'state',
        'changes',
        'affects',
      ]),
    }),
    ...(errors.length > 0 && {
      failed: errors.length,
      errors: toTable(errors, ['call', 'operation', 'code', 'message', 'arguments', 'closest']),
    }),
  };
}

function countsOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function rowOf({ index, operation, args, preview }: InspectedCall): JsonObject {
  const { object, changes } = preview;
  const target = targetOf({ operation, args });
  const { name, fullname, environment } = isJsonObject(object) ? object : ({} as JsonObject);
  const shownName = [fullname, name].find((one) => typeof one === 'string' && one !== '' && one !== target);
  return {
    call: index,
    operation: operation.id,
    target,
    name: shownName,
    environment,
    // The reason why it could not be read.
    state: typeof object === 'string' ? object : undefined,
    changes: Array.isArray(changes)
      ? changes.map((one) => (isJsonObject(one) ? one.path : one)).join(', ') || 'nothing'
      : changes,
    affects: amountsOf(preview).join(', '),
  };
}

/** The ids and names in the path of a call. */
export function targetOf({ operation, args }: Pick<InspectedCall, 'operation' | 'args'>): string {
  return Object.keys(operation.params)
    .flatMap((name) => (typeof args[name] === 'string' ? [args[name]] : []))
    .join('/');
}

/** What a call affects, in short: amounts without names. */
function amountsOf({ affects }: JsonObject): readonly string[] {
  return Object.entries(isJsonObject(affects) ? affects : {}).flatMap(([what, summary]) => {
    if (typeof summary === 'string') return [`${what} ${summary}`];
    if (!isJsonObject(summary)) return [];
    if (summary.count === undefined) {
      const figures = Object.entries(summary).filter(([, figure]) => figure !== undefined);
      return [`${what}: ${figures.map(([name, figure]) => `${figure} ${name}`).join(', ')}`];
    }
    if (summary.count === 0) return [];
    return [`${summary.count}${summary.or_more === true ? ' or more' : ''} ${what}`];
  });
}

/** The number of different objects of each kind, `or_more` where a list was not read to its end, and what was not read. */
function sumOf(calls: readonly InspectedCall[]): JsonObject | undefined {
  const kinds = [...new Set(calls.flatMap(({ snapshot }) => Object.keys(snapshot.dependents)))];
  const sums = kinds.flatMap((what) => {
    const summaries = calls.flatMap(({ snapshot }) => snapshot.dependents[what] ?? []);
    const lists = summaries.filter((one): one is JsonObject => isJsonObject(one) && one.count !== undefined);
    const ids = calls.flatMap(({ snapshot }) =>
      snapshot.dependentIds.flatMap((one) => (one.what === what ? one.ids : [])),
    );
    const unread = summaries.filter((one) => typeof one === 'string').length;
    if (lists.length === 0 && unread === 0) return [];
    const isMore = unread > 0 || lists.some(({ or_more }) => or_more === true);
    const count = new Set(ids).size;
    const text = `${count}${isMore ? ' or more' : ''}`;
    return [
      [
        what,
        isMore ? `${text}${unread > 0 ? ` (could not be read for ${unread} calls)` : ''}` : count,
      ] as const,
    ];
  });
  return sums.length > 0 ? Object.fromEntries(sums) : undefined;
}

/** The sum as a line of a form. */
export function sumLine(calls: readonly InspectedCall[]): string | undefined {
  const sum = sumOf(calls);
  if (!sum) return undefined;
  return Object.entries(sum)
    .map(([what, count]) => `${what}: ${count}`)
    .join(', ');
}
