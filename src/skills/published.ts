import { readdirSync, readFileSync } from 'node:fs';
import { parseSkill } from './parse-skill.ts';
import type { Skill } from './skill.ts';

const folder = new URL('../../skills/', import.meta.url);

/**
 * The skills of the folder `skills/`. The build evaluates this module and puts its value into the bundle, so that the folder
 * is not read at run time.
 */
export const publishedSkills: readonly Skill[] = readdirSync(folder)
  .sort()
  .map((name) => parseSkill(readFileSync(new URL(`${name}/SKILL.md`, folder), 'utf8')));
