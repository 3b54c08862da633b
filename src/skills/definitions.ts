import type { JsonObject } from '../lib/json.ts';
import type { SkillArgument } from './skill.ts';

/** A prompt as clients see it (MCP specification 2025-11-25, prompts). */
export interface Prompt {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly SkillArgument[];
}

/** A prompt with its arguments filled in. */
export interface PromptMessages {
  readonly description: string;
  readonly messages: readonly {
    readonly role: 'user';
    readonly content: { readonly type: 'text'; readonly text: string };
  }[];
}

/** A skill as clients see it (SEP-2640). */
export interface SkillEntry {
  /** Of its `SKILL.md`. */
  readonly uri: string;
  readonly frontmatter: JsonObject;
  readonly resources: readonly { readonly uri: string; readonly digest: string; readonly size: number }[];
}

/** The `SKILL.md` of a skill, as a resource. */
export interface SkillResource {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
}

/** The start of a prompt's argument, and the arguments that are already filled in. */
export interface ArgumentToComplete {
  readonly prompt: string;
  readonly argument: string;
  readonly value: string;
  readonly chosen: Readonly<Record<string, string>>;
}

/** A prompt that cannot be made: it is unknown, or an argument is wrong. */
export class PromptError extends Error {
  override readonly name = 'PromptError';
}

/** Whether a URI may be that of a file of a skill. */
export const isSkillUri = (uri: string): boolean => uri.startsWith('skill://');

/** MIME type of the files of skills. */
export const skillMimeType = 'text/markdown';
