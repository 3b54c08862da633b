import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import * as z from 'zod';

/** The surfaces of the server, each with recordings of its own. */
export const surfaces = ['full', 'compact'] as const;
export type Surface = (typeof surfaces)[number];

/** Folder of this file. */
export const evalsFolder = fileURLToPath(new URL('.', import.meta.url));

const fieldCheck = z.strictObject({
  /** Such as `result.labels[0]`. */
  path: z.string(),
  equals: z.unknown().optional(),
  type: z.enum(['string', 'number', 'array', 'object', 'bool', 'null']).optional(),
  match: z.string().optional(),
  exists: z.boolean().optional(),
});

const httpStep = z.strictObject({
  url: z.string(),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  headers: z.record(z.string(), z.string()),
  body: z
    .union([z.strictObject({ raw: z.string() }), z.strictObject({ json: z.record(z.string(), z.unknown()) })])
    .optional(),
  timeout: z.string().optional(),
  expect: z.strictObject({
    status: z.int(),
    body: z.strictObject({ match: z.string().optional(), fields: z.array(fieldCheck).optional() }).optional(),
  }),
});

const steps = z.array(z.strictObject({ http: httpStep }));

/** A text, or several of which one must occur. */
const fact = z.union([z.string(), z.array(z.string()).min(2)]);

const limit = z.strictObject({ full: z.int().positive(), compact: z.int().positive() });

/** What a task file holds: mcpchecker's format, and under `evals` what only this program reads. */
const taskSchema = z.strictObject({
  kind: z.literal('Task'),
  apiVersion: z.literal('mcpchecker/v1alpha2'),
  metadata: z.strictObject({
    name: z.string(),
    difficulty: z.enum(['easy', 'medium', 'hard']),
    labels: z.strictObject({
      about: z.enum([
        'question',
        'change',
        'delete',
        'batch',
        'secret',
        'refusal',
        'ambiguous',
        'planted',
        'large',
        'pinned',
        'read-only',
        'limited-token',
      ]),
    }),
  }),
  spec: z.strictObject({
    setup: steps.optional(),
    prompt: z.strictObject({ inline: z.string() }),
    verify: steps,
  }),
  evals: z.strictObject({
    /** Flags of the server, beside `--base-url` and `--surface`. */
    flags: z.array(z.string()).default([]),
    /** Variables of the server, such as `SYNQLY_SECRET_…`. */
    env: z.record(z.string(), z.string()).default({}),
    /** Size of the sandbox. */
    size: z.union([z.enum(['small', 'medium', 'large']), z.int().positive()]).default('medium'),
    /** Body of the token that the server gets; the organization's default token without it. */
    token: z.record(z.string(), z.unknown()).optional(),
    /** What the person says to a preview. Without it nobody can be asked. */
    person: z.enum(['agrees', 'declines']).optional(),
    answer: z
      .strictObject({ contains: z.array(fact).default([]), excludes: z.array(z.string()).default([]) })
      .prefault({}),
    /** Texts that no result may show to the model. */
    results: z.strictObject({ excludes: z.array(z.string()) }).prefault({ excludes: [] }),
    limits: z.strictObject({ calls: limit, tokens: limit }),
  }),
});

/** A task of an administrator, and how to find out whether it is done. */
export type Task = z.infer<typeof taskSchema>;
export type HttpStep = z.infer<typeof httpStep>;
export type FieldCheck = z.infer<typeof fieldCheck>;
export type Fact = z.infer<typeof fact>;

/** Reads the task `name`. Throws an Error that says what is wrong with the file. */
export function readTask(name: string): Task {
  if (!taskNames().includes(name)) throw new Error(`There is no task ${name}.`);
  const result = taskSchema.safeParse(parseTask(name));
  if (!result.success) throw new Error(`tasks/${name}.yaml: ${z.prettifyError(result.error)}`);
  if (result.data.metadata.name !== name) throw new Error(`tasks/${name}.yaml has another metadata.name.`);
  return result.data;
}

function parseTask(name: string): unknown {
  const text = readFileSync(`${evalsFolder}tasks/${name}.yaml`, 'utf8');
  try {
    return parse(text, { merge: true });
  } catch (error) {
    throw new Error(`tasks/${name}.yaml: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

/** Names of all tasks, in alphabetical order. */
export function taskNames(): string[] {
  const files = readdirSync(`${evalsFolder}tasks`).filter((file) => file.endsWith('.yaml'));
  return files.map((file) => file.slice(0, -'.yaml'.length)).sort();
}

const persons = {
  agrees: 'If the server wants a confirmation, my answer is: I have seen the preview, and I agree. Go ahead.',
  declines: 'If the server wants a confirmation, my answer is: no, leave everything as it is.',
};

/** The prompt that an agent gets: that of the task, and what the person will say. */
export function promptOf({ spec, evals }: Task): string {
  return [
    spec.prompt.inline.trim(),
    'It is August 31, 2026, 12:00 UTC. You cannot ask me anything while you work. If my request is unclear, change nothing and end with your question.',
    ...(evals.person === undefined ? [] : [persons[evals.person]]),
  ].join('\n\n');
}
