import { dropUndefined } from '../../errors.ts';
import { stringifyJson } from '../../lib/exact-json.ts';
import type { JsonObject } from '../../lib/json.ts';
import { maskKnown } from '../../secrets/redact.ts';
import type { WorkflowAnswer, WorkflowTable } from '../../tools/workflows/define-workflow.ts';
import { type CallState, secretsToMask } from '../call-state.ts';
import { askForLess } from '../result/continuation.ts';
import { pickPaths } from '../result/table.ts';
import { truncate } from '../result/truncate.ts';
import { saveRows, writeOutput } from './save-rows.ts';

/** An answer that is written to files. */
export interface AnswerToSave {
  readonly answer: WorkflowAnswer;
  /** What is not in the answer, for file and result. */
  readonly more: JsonObject | undefined;
  readonly notRead: readonly JsonObject[] | undefined;
}

/**
 * Writes all rows of a workflow's answer to the file that `save_as` names: the whole answer as JSON; or a table as CSV, with a
 * file for each further table.
 *
 * @returns the result: the summary, paths, numbers of rows, and the first rows
 * @throws CallError `output_failed`
 */
export async function saveAnswer(name: string, toSave: AnswerToSave, call: CallState): Promise<unknown> {
  const answer = maskKnown(toSave.answer, ...secretsToMask(call)) as WorkflowAnswer;
  const { more, notRead } = toSave;
  const isCsv = name.toLowerCase().endsWith('.csv');
  const saved = isCsv
    ? await saveTables(name, answer, call)
    : await saveWhole(name, { ...toSave, answer }, call);
  const { summary, details, next } = answer;
  const result = dropUndefined({
    summary,
    ...details,
    ...saved,
    more,
    not_read: notRead,
    next: next && next.length > 0 ? next : undefined,
  });
  return truncate(result, call.context.maxResultTokens, askForLess);
}

async function saveTables(name: string, answer: WorkflowAnswer, { context }: CallState): Promise<JsonObject> {
  const saved = await saveRows(name, { ...answer, shown: answer.columns }, context);
  const base = name.slice(0, -'.csv'.length);
  const others: JsonObject = {};
  for (const [table, { rows, columns }] of Object.entries(answer.tables ?? {})) {
    if (rows.length === 0) continue;
    const fileName = `${base}-${table}.csv`;
    const { first: _, ...written } = await saveRows(fileName, { rows, columns, shown: columns }, context);
    others[table] = written;
  }
  return { ...saved, ...others };
}

async function saveWhole(
  name: string,
  { answer, more, notRead }: AnswerToSave,
  { context }: CallState,
): Promise<JsonObject> {
  const { summary, details, tables = {}, ...main } = answer;
  const filled = Object.entries(tables).filter(([, { rows }]) => rows.length > 0);
  const whole = dropUndefined({
    summary,
    ...details,
    rows: objectsIn(main),
    ...Object.fromEntries(filled.map(([table, one]) => [table, objectsIn(one)])),
    more: more?.why,
    not_read: notRead,
  });
  const saved = await writeOutput(name, linesOf(whole), context);
  const counts = Object.fromEntries(filled.map(([table, { rows }]) => [table, { rows_saved: rows.length }]));
  return { saved, rows_saved: main.rows.length, ...counts };
}

const objectsIn = ({ rows, columns }: WorkflowTable): readonly JsonObject[] =>
  rows.map((row) => pickPaths(row, columns));

/** JSON with a line for each row. */
function linesOf(whole: JsonObject): string {
  const lines = (value: unknown) =>
    Array.isArray(value)
      ? `[\n${value.map((item) => stringifyJson(item)).join(',\n')}\n]`
      : stringifyJson(value);
  const fields = Object.entries(whole).map(([name, value]) => `${stringifyJson(name)}: ${lines(value)}`);
  return `{\n${fields.join(',\n')}\n}\n`;
}
