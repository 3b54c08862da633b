import type { Sandbox } from '../../src/sandbox/start.ts';
import { startHttpProgram } from './http-support.ts';
import { type Program, programOf, startProgram, type ToolAnswer } from './support.ts';
import { testSurfaces } from './surfaces.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
export type Json = any;

/** The surfaces and transports that a workflow is run on. */
export const ways = [
  ['full', 'stdio'],
  ['compact', 'stdio'],
  ['full', 'http'],
  ['compact', 'http'],
] as const;

export type Way = (typeof ways)[number];

/** A caller that runs workflows and operations, whatever the surface. */
export interface Caller {
  readonly program: Program;
  run(name: string, args?: Record<string, unknown>): Promise<ToolAnswer>;
  close(): Promise<void>;
}

/** The built program for a token of the sandbox. */
export async function openCaller(
  { baseUrl, token }: Pick<Sandbox, 'baseUrl' | 'token'>,
  [surface, transport]: Way,
  flags: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Caller> {
  const args = ['--base-url', baseUrl, '--surface', surface, ...flags];
  const http =
    transport === 'http' ? await startHttpProgram(args, { SYNQLY_PERMISSIONS: 'ignore', ...env }) : undefined;
  const program = http
    ? programOf(await http.connect(token), http.stderr)
    : await startProgram(args, { SYNQLY_TOKEN: token, ...env });
  return {
    program,
    run: (name, given) => program.call(...testSurfaces[surface].toolCall(name, given)),
    close: async () => {
      await program.close();
      await http?.close();
    },
  };
}

/** Each row of a table as an object. */
export function rowsOf({ columns = [], rows = [], same = {} }: Json): Json[] {
  return rows.map((row: unknown[]) => ({
    ...same,
    ...Object.fromEntries(columns.map((name: string, at: number) => [name, row[at]])),
  }));
}

/** Reads from the sandbox directly, past the program. */
export async function getFrom(
  { baseUrl, token }: Pick<Sandbox, 'baseUrl' | 'token'>,
  path: string,
): Promise<Json> {
  const response = await fetch(`${baseUrl}${path}`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
}

/** All rows of a list, page by page. `cursorOf` gives the next `start_after`. */
export async function walk(
  sandbox: Pick<Sandbox, 'baseUrl' | 'token'>,
  path: string,
  cursorOf: (row: Json) => string,
): Promise<Json[]> {
  const rows: Json[] = [];
  for (;;) {
    const last = rows.at(-1);
    const after = last === undefined ? '' : `&start_after=${encodeURIComponent(cursorOf(last))}`;
    const { result } = await getFrom(sandbox, `${path}${path.includes('?') ? '&' : '?'}limit=100${after}`);
    rows.push(...result);
    if (result.length < 100) return rows;
  }
}
