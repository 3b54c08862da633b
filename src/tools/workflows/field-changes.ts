import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { stepsBetween, valueAt } from '../../lib/json-diff.ts';
import { parsePartial } from '../../lib/partial-json.ts';

/** A successful call, as the audit trail has it: without its secrets. */
export interface RecordedChange {
  readonly method: string;
  readonly body: unknown;
  readonly response: unknown;
}

/** Fields that the server changes itself, and those that name the object. */
const unshown: ReadonlySet<string> = new Set(['id', 'created_at', 'updated_at', '$cut']);

/** Changed fields, and characters of a value, that are shown. */
const maxFields = 5;
const maxValueLength = 60;

/**
 * Which fields each change set, from what to what. The value before is known if the audit trail has the response to the
 * change before.
 *
 * @param changes oldest first
 * @param current the object as it is now, which is the result of the last change
 */
export function describeFieldChanges(
  changes: readonly RecordedChange[],
  current: JsonObject | undefined,
): readonly (string | undefined)[] {
  let before: JsonObject | undefined;
  return changes.map((change, index) => {
    const isLast = index === changes.length - 1;
    const after = objectIn(change.response) ?? (isLast && change.method !== 'POST' ? current : undefined);
    const texts = describeChange(change, before, after);
    if (after) before = after;
    if (change.method === 'DELETE') before = undefined;
    const more = texts.length - maxFields;
    const shown = more > 0 ? [...texts.slice(0, maxFields), `${more} more`] : texts;
    return shown.length > 0 ? shown.join('; ') : undefined;
  });
}

function describeChange(
  { method, body }: RecordedChange,
  before: JsonObject | undefined,
  after: JsonObject | undefined,
): readonly string[] {
  if (method === 'DELETE' || method === 'POST') return [];
  if (before && after) {
    const isWhole = !('$cut' in before) && !('$cut' in after);
    const steps = stepsBetween(before, after).filter(
      ({ op, path }) => !unshown.has(path.split('/')[1] ?? '') && (isWhole || op === 'replace'),
    );
    const seen = steps.map(
      ({ path }) => `${fieldOf(path)}: ${show(valueAt(before, path))} → ${show(valueAt(after, path))}`,
    );
    if (seen.length > 0) return seen;
  }
  if (method === 'PATCH' && Array.isArray(body))
    return body.filter(isJsonObject).flatMap((step) => describeStep(step, before));
  const written = objectIn(body) ?? (isJsonObject(body) ? body : undefined);
  if (!written) return [];
  const fields = Object.keys(written).filter((name) => !unshown.has(name));
  if (!before) return [`fields sent: ${fields.join(', ')}`];
  return fields
    .filter((name) => JSON.stringify(written[name]) !== JSON.stringify(before[name]))
    .map((name) => `${name}: ${show(before[name])} → ${show(written[name])}`);
}

/** A step of a JSON Patch. The value that it replaces is in the object before. */
function describeStep({ op, path, value }: JsonObject, before: JsonObject | undefined): readonly string[] {
  if (op === 'test') return [];
  const field = fieldOf(String(path));
  const known = before && valueAt(before, String(path));
  if (op === 'remove') return [known === undefined ? `${field} removed` : `${field}: ${show(known)} → none`];
  return [known === undefined ? `${field} → ${show(value)}` : `${field}: ${show(known)} → ${show(value)}`];
}

/** `/provider_config/url` becomes `provider_config.url`. */
const fieldOf = (pointer: string) =>
  pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');

function show(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  const text = JSON.stringify(value);
  return text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text;
}

/** The object in a response: its `result`, or what was created in it. */
export function objectIn(response: unknown): JsonObject | undefined {
  const body = typeof response === 'string' ? parsePartial(response)?.value : response;
  if (!isJsonObject(body) || !isJsonObject(body.result)) return undefined;
  const { result } = body;
  const [nested] = ['account', 'integration', 'bridge', 'member', 'mapping'].flatMap((name) =>
    isJsonObject(result[name]) ? [result[name]] : [],
  );
  const object = nested ?? result;
  return '$cut' in body ? { ...object, $cut: body.$cut } : object;
}
