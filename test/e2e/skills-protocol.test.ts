import { readdirSync, readFileSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/client';
import { SkillsClient } from '@modelcontextprotocol/client/ext/skills';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, test } from 'vitest';
import { allToolsets } from '../../src/access/policy.ts';
import { publishedSkills } from '../../src/skills/published.ts';
import { isCallAvailable } from '../../src/skills/visible.ts';
import { startLines, v2Request } from './generations-support.ts';
import { builtCli, cleanEnvironment } from './support.ts';

const folder = new URL('../../skills/', import.meta.url);
const names = readdirSync(folder).sort();

/** Runs something with the SDK's client of the second generation, which checks digests, sizes and frontmatter. */
async function withSkills<Result>(
  flags: readonly string[],
  work: (skills: SkillsClient, client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  const args = [builtCli, '--sandbox', '--log-level', 'silent', ...flags];
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args, env: cleanEnvironment(), stderr: 'pipe' }),
  );
  try {
    return await work(new SkillsClient(client), client);
  } finally {
    await client.close();
  }
}

describe('skills over MCP', () => {
  test('are listed, and their files pass the checks of a client', () =>
    withSkills([], async (client) => {
      expect(client.supported).toBe(true);
      const { skills, cacheScope } = await client.list();
      expect(skills.map(({ frontmatter }) => frontmatter.name)).toEqual(names);
      expect(cacheScope).toBe('private');
      for (const skill of skills) {
        const file = await client.read(skill);
        expect(file).toMatchObject({ verified: true, mimeType: 'text/markdown' });
        expect(file.body).toContain('## Steps');
      }
    }));

  test.each([
    [['--surface', 'compact'], '"tool":"run_destroy"'],
    [['--surface', 'full'], '"tool":"accounts_delete"'],
    [['--account', 'aldermere-logistics'], '{"account_id":"aldermere-logistics"}'],
  ])('with %j are written for it, and pass the checks', (flags, text) =>
    withSkills(flags, async (client) => {
      const { skill } = await client.get('skill://offboard-customer/SKILL.md');
      expect((await client.read(skill)).body).toContain(text);
    }),
  );

  test('are those that the caller can use', () =>
    withSkills(['--read-only'], async (client, mcp) => {
      const { skills } = await client.list();
      expect(skills.map(({ uri }) => uri)).toEqual([
        'skill://diagnose-integration/SKILL.md',
        'skill://review-access/SKILL.md',
      ]);
      await expect(client.get('skill://offboard-customer/SKILL.md')).rejects.toThrow('No skill has this URI');
      const uri = 'skill://offboard-customer/SKILL.md';
      await expect(mcp.readResource({ uri })).rejects.toMatchObject({ code: -32_602 });
      const { resources } = await mcp.listResources();
      expect(resources.filter((one) => one.uri.startsWith('skill:'))).toHaveLength(2);
    }));

  test('refuse a request without a URI', async () => {
    const lines = startLines(['--sandbox', '--log-level', 'silent']);
    const { error } = await lines.ask(v2Request('skills/get', {}, 1));
    expect(error).toMatchObject({ code: -32_602, message: expect.stringContaining('uri must be a string') });
    await lines.close();
  });
});

describe('the files of the skills', () => {
  const texts = names.map(
    (name) => [name, readFileSync(new URL(`${name}/SKILL.md`, folder), 'utf8')] as const,
  );
  const { length: count } = texts;

  test('begin with the same explanation for readers', () => {
    const intros = new Set(texts.map(([, text]) => /\n---\n\n(> .*)\n\n## Ask first\n/.exec(text)?.[1]));
    expect(count).toBe(10);
    expect([...intros]).toEqual([expect.stringContaining('Each `json` block is a call')]);
  });

  test.each(texts)('%s is short, and named like its folder', (name, text) => {
    const skill = publishedSkills.find((one) => one.name === name);
    expect(skill?.description.length).toBeLessThanOrEqual(250);
    expect(text.length).toBeLessThan(6_000);
    expect(text.trimEnd().split('\n## ').at(-1)).toMatch(/^Report\n/);
  });

  test.each(publishedSkills.map((skill) => [skill.name, skill] as const))(
    '%s has a source for each placeholder, and refers to steps that stay',
    (_, { arguments: declared, parts }) => {
      const known = new Set(declared.map(({ name }) => name));
      let firstOptional = Number.POSITIVE_INFINITY;
      for (const { text = '', call, step = 0 } of parts) {
        for (const [, name = ''] of text.matchAll(/\{\{([a-z_]+)\}\}/g)) known.add(name);
        for (const [, name] of JSON.stringify(call ?? {}).matchAll(/\{\{([a-z_]+)\}\}/g))
          expect([...known]).toContain(name);
        for (const name of Object.keys(call?.keep ?? {})) known.add(name);
        if (call?.optional) firstOptional = Math.min(firstOptional, step);
      }
      const all = parts.map(({ text = '' }) => text).join('\n');
      for (const [, first = '', second = '0'] of all.matchAll(/\bsteps? (\d+)(?:,? (?:and|or) (\d+))?/g))
        expect(Math.max(Number(first), Number(second))).toBeLessThan(firstOptional);
    },
  );

  test('have no call whose purpose pins take away', () => {
    const policy = { readOnly: false, confirm: 'destroy', toolsetFilter: allToolsets } as const;
    const isAvailable = (environment: string) =>
      isCallAvailable(
        { operation: 'accounts_update', arguments: { account_id: '{{account_id}}', environment } },
        { policy, pins: { environment: 'test' } },
      );
    expect([isAvailable('prod'), isAvailable('{{environment}}')]).toEqual([false, true]);
  });

  test('are part of the package', () => {
    const { files } = JSON.parse(readFileSync(new URL('../package.json', folder), 'utf8'));
    expect(files).toContain('skills');
  });
});
