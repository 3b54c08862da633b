import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { publishedSkills } from '../../src/skills/published.ts';
import type { Program } from './support.ts';
import type { Json } from './workflows-support.ts';

/** A call as a skill writes it for a client. */
interface WrittenCall {
  readonly tool: string;
  readonly arguments: Record<string, unknown>;
  readonly keep?: Record<string, string>;
}

/** A call that was made. */
export interface Step {
  /** The operation, on whatever surface. */
  readonly operation: string;
  readonly result: Json;
  /** What was confirmed, if the call asked for it. */
  readonly confirmed: Json;
}

/** Values that a model makes from earlier results, as the text of a skill says. */
export type Made = Record<string, (steps: readonly Step[], values: Record<string, unknown>) => unknown>;

/** The text of a prompt. */
export async function promptText(
  client: Client,
  name: string,
  args: Record<string, string>,
): Promise<string> {
  const { messages } = await client.getPrompt({ name, arguments: args });
  const [message] = messages;
  if (messages.length !== 1 || message?.content.type !== 'text') throw new Error('Not one text.');
  return message.content.text;
}

/** The values of all blocks of JSON in a text. */
export const blocksIn = (text: string): Json[] =>
  [...text.matchAll(/^ *```json\n(.*)\n *```$/gm)].map(([, json = '']) => JSON.parse(json));

/**
 * Does what the text of a prompt says: makes its calls in order, with the values that the person gave, that earlier results
 * hold, and that the model makes.
 *
 * @throws Error for a call that fails, and for a placeholder without a value
 */
export async function followSkill(
  { client, call }: Pick<Program, 'client' | 'call'>,
  name: string,
  args: Record<string, string>,
  made: Made = {},
): Promise<Step[]> {
  const text = await promptText(client, name, args);
  const [given = {}] = blocksIn(text).filter(({ tool }) => tool === undefined);
  const optional = publishedSkills
    .find((skill) => skill.name === name)
    ?.arguments.filter(({ required }) => !required)
    .map((argument) => argument.name);
  const values: Record<string, unknown> = { ...given };
  const steps: Step[] = [];
  const valueFor = (key: string): unknown => {
    if (!(key in values) && made[key]) values[key] = made[key](steps, values);
    if (values[key] === undefined && !optional?.includes(key)) throw new Error(`No value for ${key}.`);
    return values[key];
  };
  for (const written of blocksIn(text).filter(({ tool }) => tool !== undefined) as WrittenCall[]) {
    const filled = fill(written.arguments, valueFor) as Record<string, unknown>;
    const step = await makeCall(call, written.tool, filled);
    steps.push(step);
    for (const [key, path] of Object.entries(written.keep ?? {})) {
      values[key] = path.split('.').reduce((value: Json, part) => value?.[part], step.result);
      if (values[key] === undefined) throw new Error(`${step.operation}: no ${path} in the result.`);
    }
  }
  return steps;
}

/** Puts values in place of placeholders; leaves out arguments without one. */
function fill(value: unknown, valueFor: (key: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => fill(item, valueFor));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, part]) => [key, fill(part, valueFor)] as const);
    return Object.fromEntries(entries.filter(([, part]) => part !== undefined));
  }
  if (typeof value !== 'string') return value;
  const [, whole] = /^\{\{([a-z_]+)\}\}$/.exec(value) ?? [];
  if (whole !== undefined) return valueFor(whole);
  return value.replace(/\{\{([a-z_]+)\}\}/g, (_, key: string) => String(valueFor(key)));
}

async function makeCall(call: Program['call'], tool: string, args: Record<string, unknown>): Promise<Step> {
  const operation = typeof args.operation === 'string' ? args.operation : tool;
  const first = await call(tool, args);
  const { confirmation } = first.json.error ?? {};
  const { isError, json, text } = confirmation ? await call('confirm_call', { id: confirmation.id }) : first;
  if (isError) throw new Error(`${operation}: ${text}`);
  return { operation, result: json, confirmed: confirmation };
}
