import { createHash } from 'node:crypto';
import type { View } from '../access/visibility.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import { quoted } from '../lib/quote-text.ts';
import { completeName, type NameSource } from '../pipeline/complete-name.ts';
import type { RequestContext } from '../request-context.ts';
import {
  type ArgumentToComplete,
  type Prompt,
  PromptError,
  type PromptMessages,
  type SkillEntry,
  type SkillResource,
  skillMimeType,
} from './definitions.ts';
import { renderSkill, renderSkillFile, type ToolCallWriter } from './render.ts';
import type { Skill } from './skill.ts';
import type { SkillView } from './skill-view.ts';
import { pinnedValue, visibleArguments, visibleSkills } from './visible.ts';

/** Characters of an argument. */
const maxValueLength = 500;

/** The skills as prompts. */
export function listPrompts(view: View): readonly Prompt[] {
  return visibleSkills(view).map((skill) => {
    const { name, title, description } = skill;
    return { name, title, description, arguments: visibleArguments(skill, view) };
  });
}

/** Makes a prompt with arguments. @throws PromptError */
export function makePrompt(
  name: string,
  args: Readonly<Record<string, string>>,
  view: SkillView,
  toolCall: ToolCallWriter,
): PromptMessages {
  const skill = find(name, view);
  if (!skill) throw new PromptError(`Unknown prompt: ${quoted(name)}. prompts/list names all.`);
  const given = checkArguments(skill, args, view);
  const text = `${skill.title}.\n\n${renderSkill(skill, view, toolCall, given)}`;
  return { description: skill.description, messages: [{ role: 'user', content: { type: 'text', text } }] };
}

const find = (name: string, view: View) => visibleSkills(view).find((skill) => skill.name === name);

/** The arguments that were filled in: clients send those that were not as empty texts. @throws PromptError */
function checkArguments(
  skill: Skill,
  args: Readonly<Record<string, string>>,
  view: View,
): Readonly<Record<string, string>> {
  const declared = visibleArguments(skill, view);
  const accepted = declared.map(({ name }) => name);
  const given = Object.entries(args).filter(([, value]) => value.trim() !== '');
  for (const [name, value] of given) {
    if (pinnedValue(name, view) !== undefined)
      throw new PromptError(`The argument ${name} is fixed on this server: leave it out.`);
    if (!accepted.includes(name)) {
      const rest = accepted.length > 0 ? `It takes ${accepted.join(', ')}.` : 'It takes none.';
      throw new PromptError(`The prompt ${skill.name} has no argument ${quoted(name)}. ${rest}`);
    }
    if (value.length > maxValueLength)
      throw new PromptError(`The argument ${name} must have at most ${maxValueLength} characters.`);
  }
  const values = Object.fromEntries(given);
  const missing = declared.filter(({ name, required }) => required && !Object.hasOwn(values, name));
  if (missing.length === 0) return values;
  const names = missing.map(({ name, description }) => `${name} (${description})`);
  throw new PromptError(`The prompt ${skill.name} needs ${names.join(', ')}`);
}

/** Where the values of arguments come from. */
const sources: Readonly<Record<string, NameSource>> = {
  account_id: { operation: 'accounts_list' },
  member_id: { operation: 'members_list' },
  refresh_token_id: { operation: 'tokens_list' },
  role: { operation: 'roles_list' },
};

function sourceOf(argument: string, account: string | undefined): NameSource | undefined {
  if (argument === 'integration_id') {
    return account === undefined
      ? { operation: 'integrations_list' }
      : { operation: 'integrations_list_account', args: { account_id: account } };
  }
  return Object.hasOwn(sources, argument) ? sources[argument] : undefined;
}

const environments = ['test', 'prod'];

/** Values that complete an argument of a prompt. */
export async function completePrompt(
  { prompt, argument, value, chosen }: ArgumentToComplete,
  view: View,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<{ values: string[]; hasMore: boolean }> {
  const skill = find(prompt, view);
  const isKnown = skill && visibleArguments(skill, view).some(({ name }) => name === argument);
  if (!isKnown) return { values: [], hasMore: false };
  if (argument === 'environment')
    return { values: environments.filter((one) => one.startsWith(value)), hasMore: false };
  const source = sourceOf(argument, view.pins?.account ?? (chosen.account_id || undefined));
  return source ? completeName(source, value, context, cancelled) : { values: [], hasMore: false };
}

const uriOf = ({ name }: Skill) => `skill://${name}/SKILL.md`;

/** The skills with the digests of their files. */
export function listSkills(view: SkillView, toolCall: ToolCallWriter): readonly SkillEntry[] {
  return visibleSkills(view).map((skill) => {
    const bytes = Buffer.from(renderSkillFile(skill, view, toolCall));
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const uri = uriOf(skill);
    return { uri, frontmatter: skill.frontmatter, resources: [{ uri, digest, size: bytes.length }] };
  });
}

/** The files of the skills as resources. */
export function listSkillResources(view: View): readonly SkillResource[] {
  return visibleSkills(view).map((skill) => {
    const { name, title, description } = skill;
    return { uri: uriOf(skill), name, title, description, mimeType: skillMimeType };
  });
}

/** The text of a file of a skill; undefined for another URI. */
export function readSkill(uri: string, view: SkillView, toolCall: ToolCallWriter): string | undefined {
  const skill = visibleSkills(view).find((one) => uriOf(one) === uri);
  return skill && renderSkillFile(skill, view, toolCall);
}
