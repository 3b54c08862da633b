import { CallError } from '../../errors.ts';
import { toCsv } from '../../lib/csv.ts';
import { stringifyJson } from '../../lib/exact-json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { writeNewFile } from '../../lib/write-new-file.ts';
import type { RequestContext } from '../../request-context.ts';
import { toTable } from '../result/table.ts';

/** Rows that a result shows of a saved file. */
const shownRows = 5;

/** Columns that a result names. */
const maxNamedColumns = 40;

/** A list that is written to a file. */
export interface RowsToSave {
  readonly rows: readonly JsonObject[];
  /** The columns of the file; by default all fields that a row has. */
  readonly columns?: readonly string[];
  /** The columns that the result shows. */
  readonly shown: readonly string[];
}

const fileName = /^[^\s./\\:*?"<>|~-][^/\\:*?"<>|]{0,150}\.(csv|json)$/i;

/**
 * Checks the argument `save_as`: a name without a directory, which ends in .csv or .json.
 *
 * @throws CallError `invalid_arguments`
 */
export function assertFileName(name: unknown, { outputDirectory }: RequestContext): void {
  if (outputDirectory === undefined)
    throw wrongName('is unknown: this server writes no files (--output-dir)');
  const isName = typeof name === 'string' && fileName.test(name) && !hasControlCharacter(name);
  if (!isName) throw wrongName('must be a file name that ends in .csv or .json, such as accounts.csv');
}

function hasControlCharacter(name: string): boolean {
  return [...name].some((character) => character < ' ' || character === '\u007f');
}

function wrongName(problem: string): CallError {
  return new CallError('invalid_arguments', 'The result cannot be saved.', {
    arguments: [{ argument: 'save_as', problem }],
  });
}

/**
 * Writes rows, whose secrets are masked, to a file in the output directory.
 *
 * @returns the result: path, number of rows and columns, and the first rows
 * @throws CallError `output_failed`
 */
export async function saveRows(
  name: string,
  { rows, shown, ...given }: RowsToSave,
  context: RequestContext,
): Promise<JsonObject> {
  const flat = rows.map((row) => flatten(row));
  const columns = given.columns ?? [...new Set(flat.flatMap((row) => [...row.keys()]))];
  const text = name.toLowerCase().endsWith('.csv')
    ? toCsv(
        columns,
        flat.map((row) => columns.map((column) => row.get(column))),
      )
    : `[\n${rows.map((row) => stringifyJson(row)).join(',\n')}\n]\n`;
  const saved = await writeOutput(name, text, context);
  return {
    saved,
    rows_saved: rows.length,
    columns_saved: columns.length > maxNamedColumns ? columns.length : columns,
    first: toTable(rows.slice(0, shownRows), shown),
  };
}

/** Writes a text to a new file in the output directory, and returns its path. @throws CallError `output_failed` */
export async function writeOutput(
  name: string,
  text: string,
  { outputDirectory = '', log }: RequestContext,
): Promise<string> {
  try {
    return await writeNewFile(outputDirectory, name, text);
  } catch (err) {
    log.error({ err }, 'a result could not be written to --output-dir');
    const { code = 'unknown error' } = err as NodeJS.ErrnoException;
    throw new CallError('output_failed', `The file could not be written (${code}).`);
  }
}

/** The values of an object by dotted path. Lists are kept. */
function flatten(
  row: JsonObject,
  prefix = '',
  into = new Map<string, unknown>(),
): ReadonlyMap<string, unknown> {
  for (const [key, value] of Object.entries(row)) {
    const path = `${prefix}${key}`;
    if (isJsonObject(value)) flatten(value, `${path}.`, into);
    else into.set(path, value);
  }
  return into;
}
