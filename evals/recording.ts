import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { tokensOf, tokensOfJson } from '../src/cli/token-cost/tokens.ts';
import { evalsFolder, type Surface, surfaces } from './task.ts';

/** One tool call, and what the agent read. */
export interface Exchange {
  readonly tool: string;
  readonly arguments: Record<string, unknown>;
  readonly isError: boolean;
  readonly text: string;
}

/** What an agent did with a task. */
export interface Recording {
  readonly task: string;
  readonly surface: Surface;
  /** The agent. */
  readonly by: string;
  /** Day of the recording. */
  readonly date: string;
  /** Tokens of the instructions and of the tools that were listed. */
  readonly listTokens: number;
  readonly exchanges: readonly Exchange[];
  readonly answer: string;
}

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

/** Parses the file of the recorder. */
export function readLog(file: string): Observed {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const requests = new Map<unknown, { method: string; params: Record<string, unknown> }>();
  const exchanges: Exchange[] = [];
  let instructions = '';
  const tools = new Map<string, Listed>();
  for (const line of lines) {
    const { from, message } = JSON.parse(line);
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
      tool: String(request.params.name),
      arguments: (request.params.arguments ?? {}) as Record<string, unknown>,
      isError: error !== undefined || result.isError === true,
      text: error === undefined ? textOf(result) : error.message,
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

/** Reads the recording of a task, if there is one. */
export function readRecording(task: string, surface: Surface): Recording | undefined {
  const file = fileOf(task, surface);
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const [about, ...rest] = lines.map((line) => JSON.parse(line));
  const { answer } = rest.pop();
  return { ...about, exchanges: rest, answer };
}

/** All recordings. */
export function readRecordings(): Recording[] {
  return surfaces.flatMap((surface) => {
    const folder = `${evalsFolder}recordings/${surface}`;
    const files = existsSync(folder) ? readdirSync(folder).sort() : [];
    return files.flatMap((file) => readRecording(file.replace(/\.jsonl$/, ''), surface) ?? []);
  });
}
