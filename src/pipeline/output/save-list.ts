import type { JsonObject } from '../../lib/json.ts';
import { isJsonObject } from '../../lib/json.ts';
import { resultOf } from '../../synqly/endpoints.ts';
import { maskResult, type OperationCall } from '../call-state.ts';
import type { Outcome } from '../outcome.ts';
import { askForLess } from '../result/continuation.ts';
import { describeMore } from '../result/more.ts';
import { readFields } from '../result/selected-fields.ts';
import { pickPaths } from '../result/table.ts';
import { truncate } from '../result/truncate.ts';
import type { StoredResponse } from '../secrets/store-response.ts';
import { saveRows } from './save-rows.ts';

/** Writes all rows of a list to the file that `save_as` names. @throws CallError `output_failed` */
export async function saveList(call: OperationCall, { response, body }: StoredResponse): Promise<Outcome> {
  const { operation, args, context } = call;
  const masked = resultOf(maskResult(call, body));
  const rows = Array.isArray(masked) ? masked.filter(isJsonObject) : [];
  const listing = operation.listing ?? { columns: [] };
  const { columns, note } = readFields(rows, args.fields, ['*']);
  const saved = columns.includes('*') ? rows : rows.map((row) => pickPaths(row, columns));
  const shown = columns.includes('*') ? listing.columns : columns;
  const result: JsonObject = {
    ...(await saveRows(String(args.save_as), { rows: saved, shown }, context)),
    ...(note !== undefined && { note }),
    ...describeMore({ listing, rows, remainder: response.remainder }, rows.length, args),
  };
  return { value: truncate(result, context.maxResultTokens, askForLess), meta: response, isMasked: true };
}
