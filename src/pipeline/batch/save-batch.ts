import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import { maskKnown } from '../../secrets/redact.ts';
import { pick } from '../arguments/parse.ts';
import { saveRows } from '../output/save-rows.ts';
import { askForLess } from '../result/continuation.ts';
import { pickPaths } from '../result/table.ts';
import { truncate } from '../result/truncate.ts';
import { type Answered, describeRest, formatErrors, groupsOf } from './format-batch.ts';
import type { BatchPart } from './run-batch.ts';

/** Writes the rows of all answers to a file, each with its call. @throws CallError `output_failed` */
export async function saveBatch(
  parts: readonly BatchPart[],
  name: string,
  context: RequestContext,
): Promise<JsonObject> {
  const made = parts.flatMap((part) => part.made);
  const answered = made.filter((one): one is Answered => one.answer !== undefined);
  const groups = groupsOf(answered);
  const rows = groups.flatMap((group) =>
    group.calls.flatMap((one) =>
      rowsToSave(one).map((row) => ({
        ...(groups.length > 1 && { operation: group.operation }),
        call: one.planned.index,
        ...pick(one.args, group.varying),
        ...row,
      })),
    ),
  );
  const shown = [...new Set(answered.flatMap(({ answer }) => Object.keys(answer.rows[0] ?? {})))].slice(0, 8);
  const more = groups.flatMap((group) =>
    group.calls.flatMap((one) => describeRest(one, one.answer.count, group)),
  );
  const failed = made.filter(({ error }) => error !== undefined);
  const notes = parts.flatMap(({ planned, note }) => (note ? [{ call: planned.index, ...note }] : []));
  const saved = await saveRows(
    name,
    { rows: maskKnown(rows, context.knownTokens) as JsonObject[], shown: ['operation', 'call', ...shown] },
    context,
  );
  const result = {
    ok: made.length - failed.length,
    ...(failed.length > 0 && { failed: failed.length }),
    ...saved,
    ...(more.length > 0 && { more }),
    ...(notes.length > 0 && { for_each: notes }),
    ...(failed.length > 0 && { errors: formatErrors(failed) }),
  };
  return truncate(maskKnown(result, context.knownTokens), context.maxResultTokens, askForLess) as JsonObject;
}

/** All rows of an answer, with the fields that the call asks for. */
function rowsToSave({ planned, answer }: Answered): readonly JsonObject[] {
  const { whole } = answer;
  const rows = Array.isArray(whole?.rows) ? whole.rows.filter(isJsonObject) : [];
  const fields =
    planned.fields ?? (Array.isArray(planned.args.fields) ? planned.args.fields.map(String) : ['*']);
  return fields.includes('*') ? rows : rows.map((row) => pickPaths(row, fields));
}
