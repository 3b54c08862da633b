import type { View } from '../access/visibility.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import type { RequestContext } from '../request-context.ts';
import type { ArgumentToComplete, Prompt, PromptMessages, SkillEntry, SkillResource } from './definitions.ts';
import type { ToolCallWriter } from './render.ts';
import { type SkillView, skillViewOf } from './skill-view.ts';

/** The skills of a server, as prompts and as files. */
export interface SkillProvider {
  prompts(context: RequestContext): Promise<readonly Prompt[]>;
  /** @throws PromptError */
  prompt(
    name: string,
    args: Readonly<Record<string, string>>,
    context: RequestContext,
  ): Promise<PromptMessages>;
  /** Values that complete an argument; none for an unknown prompt or argument. */
  complete(
    request: ArgumentToComplete,
    context: RequestContext,
    cancelled: StopSignal,
  ): Promise<{ readonly values: string[]; readonly hasMore: boolean }>;
  skills(context: RequestContext): Promise<readonly SkillEntry[]>;
  resources(context: RequestContext): Promise<readonly SkillResource[]>;
  /** The text of a file of a skill; undefined for another URI. */
  read(uri: string, context: RequestContext): Promise<string | undefined>;
}

/** The skills that a view allows, written for a surface. They are loaded with the first use. */
export function createSkillProvider(
  { policy, permissions }: Pick<View, 'policy' | 'permissions'>,
  toolCall: ToolCallWriter,
): SkillProvider {
  // The pins of a caller are those of its context: a provider is shared by callers with pins of the same kind.
  const viewOf = (context: RequestContext): SkillView =>
    skillViewOf({ pins: context.pins, policy, permissions }, context);
  const load = () => import('./serve-skills.ts');
  return {
    prompts: async (context) => (await load()).listPrompts(viewOf(context)),
    prompt: async (name, args, context) => (await load()).makePrompt(name, args, viewOf(context), toolCall),
    complete: async (request, context, cancelled) =>
      (await load()).completePrompt(request, viewOf(context), context, cancelled),
    skills: async (context) => (await load()).listSkills(viewOf(context), toolCall),
    resources: async (context) => (await load()).listSkillResources(viewOf(context)),
    read: async (uri, context) => (await load()).readSkill(uri, viewOf(context), toolCall),
  };
}
