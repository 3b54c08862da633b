import { isJsonObject, type JsonObject } from '../lib/json.ts';
import type { Skill, SkillArgument, SkillCall, SkillPart } from './skill.ts';

/**
 * Parses a `SKILL.md`. `metadata.arguments` of its frontmatter names the arguments, with `?` behind optional ones; the body
 * describes each in an item of a list. Blocks of `json` are calls. The quote at its beginning is for readers of the file,
 * and no part of the skill.
 *
 * @throws Error for a file without one of these
 */
export function parseSkill(text: string): Skill {
  const [, frontmatterText = '', body = ''] = /^---\n(.*?)\n---\n(.*)$/s.exec(text) ?? [];
  const frontmatter = parseFrontmatter(frontmatterText);
  const { name, description, metadata } = frontmatter;
  const { title, arguments: names = '' } = isJsonObject(metadata) ? metadata : {};
  if (typeof name !== 'string' || typeof description !== 'string' || typeof title !== 'string')
    throw new Error('name, description or metadata.title is missing.');
  const declared = String(names)
    .split(' ')
    .filter((one) => one !== '');
  const parts = parseBody(
    body,
    declared.map((one) => one.replace('?', '')),
  );
  return {
    name,
    title,
    description,
    arguments: declared.map((one) => argumentOf(one, parts)),
    frontmatterText,
    frontmatter,
    parts,
  };
}

/** Lines of `key: value`, of which `metadata` may have some of its own: all the YAML that these files have. */
function parseFrontmatter(text: string): JsonObject {
  const [frontmatter, metadata]: Record<string, unknown>[] = [{}, {}];
  for (const line of text.split('\n')) {
    const [, indent, key, value = ''] = /^( {2})?([a-z]+):(?: ([^"'#&*!|>%@`[{\s].*))?$/.exec(line) ?? [];
    if (key === undefined || /: | #/.test(value)) throw new Error(`Not plain text: ${line}`);
    if (indent !== undefined && metadata) metadata[key] = value;
    else if (frontmatter) frontmatter[key] = key === 'metadata' ? metadata : value;
  }
  return frontmatter ?? {};
}

function parseBody(body: string, names: readonly string[]): SkillPart[] {
  const parts: SkillPart[] = [];
  let step: number | undefined;
  let block: string[] | undefined;
  for (const line of body
    .replace(/^(?:\n|>[^\n]*\n)*/, '')
    .trimEnd()
    .split('\n')) {
    const at = step === undefined ? {} : { step };
    if (line.trim() === '```json') block = [];
    else if (block && line.trim() === '```') {
      parts.push({ ...at, call: parseCall(block.join('\n')) });
      block = undefined;
    } else if (block) block.push(line);
    else {
      const [, number] = /^(\d+)\. /.exec(line) ?? [];
      if (number !== undefined) step = Number(number);
      else if (line.startsWith('#')) step = undefined;
      const argument = names.find((one) => line.startsWith(`- \`${one}\``));
      parts.push({
        ...(step !== undefined && { step }),
        ...(argument !== undefined && { argument }),
        text: line,
      });
    }
  }
  return parts;
}

function parseCall(text: string): SkillCall {
  const { operation, arguments: args, ...rest } = JSON.parse(text);
  if (typeof operation !== 'string' || !isJsonObject(args)) throw new Error(`Not a call: ${text}`);
  return { operation, arguments: args, ...rest };
}

function argumentOf(declared: string, parts: readonly SkillPart[]): SkillArgument {
  const name = declared.replace('?', '');
  const text = parts.find(({ argument }) => argument === name)?.text;
  if (text === undefined) throw new Error(`The argument ${name} is not described.`);
  return { name, description: text.slice(text.indexOf(':') + 2), required: !declared.endsWith('?') };
}
