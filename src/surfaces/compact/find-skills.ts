import type { JsonObject } from '../../lib/json.ts';
import type { ToolCallWriter } from '../../skills/render.ts';
import type { SkillView } from '../../skills/skill-view.ts';
import { nameIn } from './name-in.ts';
import { matchSkills } from './search/match-skills.ts';

/**
 * What `find_operations` returns about skills: the skill that is named exactly, with its steps; otherwise those that the
 * query asks for, each with the arguments that return its steps. Undefined if there are none. Only what the caller can use.
 */
export async function findSkills(
  query: string,
  view: SkillView,
  toolCall: ToolCallWriter,
): Promise<JsonObject | undefined> {
  const [{ visibleSkills }, { renderSkill }] = await Promise.all([
    import('../../skills/visible.ts'),
    import('../../skills/render.ts'),
  ]);
  const skills = visibleSkills(view);
  const id = nameIn(
    query,
    skills.map(({ name }) => name),
  );
  const named = skills.find(({ name }) => name === id);
  if (named) return { skill: { id: named.name, text: renderSkill(named, view, toolCall) } };
  const found = matchSkills(query, skills);
  if (found.length === 0) return undefined;
  return {
    skills: found.map(({ name, description }) => ({ id: name, text: description, next: { query: name } })),
  };
}
