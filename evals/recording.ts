import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { tokensOf, tokensOfJson } from '../src/cli/token-cost/tokens.ts';
import { parseJson } from './parse-json.ts';
import { evalsFolder, type Surface, surfaces } from './task.ts';

const exchangeSchema = z.strictObject({
  tool: z.string(),
  arguments: z.record(z.string(), z.unknown()),
  isError: z.boolean(),
  text: z.string(),
});

const aboutSchema = z.strictObject({
  task: z.string(),
  surface: z.enum(surfaces),
  /** The agent. */
  by: z.string(),
  /** Day of the recording. */
  date: z.string(),
  /** Tokens of the instructions and of the tools that were listed. */
  listTokens: z.number(),
});

const answerSchema = z.strictObject({ answer: z.string() });

/** One tool call, and what the agent read. */
export type Exchange = Readonly<z.infer<typeof exchangeSchema>>;

/** What an agent did with a task. */
export type Recording = Readonly<z.infer<typeof aboutSchema> & z.infer<typeof answerSchema>> & {
  readonly exchanges: readonly Exchange[];
};

/** What the recorder has written, without the rest of a recording. */
export type Observed = Pick<Recording, 'listTokens' | 'exchanges'>;

interface Listed {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema: unknown;
}

/** Tokens of what a model reads before its first call. */
export function tokensOfList(instructions: string, tools: readonly Listed[]): number {
  const read = tools.map(({ name, description, inputSchema }) => ({
    name,
    description,
    input_schema: inputSchema,
  }));
  return tokensOf(instructions) + tokensOfJson(read);
}

/** Tokens that the agent has read: the list, and the results. */
export function tokensRead({ listTokens, exchanges }: Observed): number {
  return exchanges.reduce((sum, { text }) => sum + tokensOf(text), listTokens);
}

/** The text that a model reads of a result. */
export function textOf(result: { content?: unknown }): string {
  const content = (result.content ?? []) as { text?: string }[];
  return content.map(({ text = '' }) => text).join('\n');
}

/** Parses the file of the recorder. Lines of an agent that are no messages are left out. */
export function readLog(file: string): Observed {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const requests = new Map<unknown, { method: string; params?: Record<string, unknown> | null }>();
  const exchanges: Exchange[] = [];
  let instructions = '';
  const tools = new Map<string, Listed>();
  for (const line of lines) {
    const { from, message } = parseJson(line) ?? {};
    if (typeof message !== 'object' || message === null) continue;
    if (from === 'client' && message.method && message.id !== undefined) requests.set(message.id, message);
    const request = from === 'server' && requests.get(message.id);
    if (!request) continue;
    const { result, error } = message;
    if (request.method === 'initialize') instructions = result?.instructions ?? '';
    if (request.method === 'tools/list') {
      for (const tool of result?.tools ?? []) tools.set(tool.name, tool);
    }
    if (request.method !== 'tools/call') continue;
    exchanges.push({
      tool: String(request.params?.name),
      arguments: (request.params?.arguments ?? {}) as Record<string, unknown>,
      isError: error !== undefined || result?.isError === true,
      text: error === undefined ? textOf(result ?? {}) : String(error?.message),
    });
  }
  return { listTokens: tokensOfList(instructions, [...tools.values()]), exchanges };
}

function fileOf(task: string, surface: Surface): string {
  return `${evalsFolder}recordings/${surface}/${task}.jsonl`;
}

/** Writes a recording to its place: a line about it, a line for each call, and a line with the answer. */
export function writeRecording({ exchanges, answer, ...about }: Recording): string {
  const file = fileOf(about.task, about.surface);
  mkdirSync(dirname(file), { recursive: true });
  const lines = [about, ...exchanges, { answer }];
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
}

/** Reads the recording of a task. Throws an Error that says what is wrong with the file. */
export function readRecording(task: string, surface: Surface): Recording {
  const lines = readFileSync(fileOf(task, surface), 'utf8').split('\n').filter(Boolean);
  const read = <Schema extends z.ZodType>(schema: Schema, at: number): z.infer<Schema> => {
    const { success, data } = schema.safeParse(parseJson(lines[at] ?? ''));
    if (!success) throw new Error(`recordings/${surface}/${task}.jsonl is damaged in line ${at + 1}.`);
    return data;
  };
  const last = Math.max(1, lines.length - 1);
  const about = read(aboutSchema, 0);
  if (about.task !== task || about.surface !== surface)
    throw new Error(`recordings/${surface}/${task}.jsonl is of another task or surface.`);
  const exchanges = lines.slice(1, last).map((_, at) => read(exchangeSchema, at + 1));
  return { ...about, exchanges, ...read(answerSchema, last) };
}

/** Which tasks are recorded on which surface. */
export function recordedTasks(): { readonly task: string; readonly surface: Surface }[] {
  return surfaces.flatMap((surface) => {
    const folder = `${evalsFolder}recordings/${surface}`;
    const files = existsSync(folder) ? readdirSync(folder).sort() : [];
    const recordings = files.filter((file) => file.endsWith('.jsonl'));
    return recordings.map((file) => ({ task: file.slice(0, -'.jsonl'.length), surface }));
  });
}

/** All recordings. */
export function readRecordings(): Recording[] {
  return recordedTasks().map(({ task, surface }) => readRecording(task, surface));
}
