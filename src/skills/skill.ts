import type { JsonObject } from '../lib/json.ts';

/** A call that a step of a skill makes. */
export interface SkillCall {
  /** An operation, a workflow or a built-in tool. */
  readonly operation: string;
  /** May hold placeholders such as `{{account_id}}`. */
  readonly arguments: JsonObject;
  /** Values of the result that later calls use: path by name. */
  readonly keep?: Readonly<Record<string, string>>;
  /** Whether the skill does without the step where the call is not allowed. */
  readonly optional?: boolean;
}

/** What the person is asked for. */
export interface SkillArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

/** A piece of the body of a skill, in order. */
export interface SkillPart {
  /** The number of the step that it belongs to, if any. */
  readonly step?: number;
  /** The argument that it describes, if any. */
  readonly argument?: string;
  readonly text?: string;
  readonly call?: SkillCall;
}

/** A skill: a task in steps, read from its `SKILL.md`. */
export interface Skill {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly SkillArgument[];
  /** The frontmatter as text, and the same as JSON. */
  readonly frontmatterText: string;
  readonly frontmatter: JsonObject;
  readonly parts: readonly SkillPart[];
}
