import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from './http-support.ts';
import { type RawProgram, startRawStdio } from './raw-calls.ts';
import { builtCli, cleanEnvironment } from './support.ts';
import { callWithin, within } from './within.ts';

const stars = (count: number, end = 'z') => `${'*'.repeat(count)}${end}`;

describe('headers that hold patterns', () => {
  let program: HttpRig | undefined;
  const start = async () => {
    program ??= await startHttpRig({ args: ['--rate-per-minute', '1000000'] });
    return program;
  };
  afterAll(() => program?.close());

  async function list(headers: Record<string, string>): Promise<{ status: number; text: string }> {
    const running = await start();
    try {
      const post = running.post(
        { method: 'tools/list' },
        { authorization: `Bearer ${running.sandbox.token}`, ...headers },
      );
      const { status, text } = await within(
        running,
        post.then(async (response) => ({ status: response.status, text: await response.text() })),
      );
      return { status, text };
    } catch (error) {
      program = undefined;
      throw error;
    }
  }

  test.each([
    ['twelve stars', 'synqly-deny', stars(12)],
    ['150 stars', 'synqly-allow', stars(150)],
    ['stars between letters', 'synqly-deny', `${'*a'.repeat(60)}z`],
    ['stars between parts of names', 'synqly-allow', `${'*a*_'.repeat(40)}z`],
    ['a hundred such patterns', 'synqly-deny', Array.from({ length: 100 }, () => stars(100)).join(',')],
  ])('%s match nothing and are refused', async (_, name, pattern) => {
    const { status, text } = await list({ [name]: pattern });
    expect(status).toBe(400);
    expect(text).toContain('name an unknown tool or toolset');
    expect((await list({})).status).toBe(200);
  });

  test('several stars in a row mean the same as one', async () => {
    const { text } = await list({ 'synqly-allow': `${'*'.repeat(30)}accounts**list${'*'.repeat(30)}` });
    const names = JSON.parse(text).result.tools.map(({ name }: { name: string }) => name);
    expect(names).toContain('accounts_list');
    expect(names).not.toContain('accounts_get');
  });

  test.each(['synqly-toolsets', 'synqly-allow', 'synqly-deny'])(
    '%s is refused beyond its maximum length',
    async (name) => {
      const many = await list({ [name]: Array.from({ length: 501 }, () => 'a').join(',') });
      expect(many.status).toBe(400);
      expect(many.text).toContain(`${name} must name at most 500 patterns.`);
      const long = await list({ [name]: 'a'.repeat(201) });
      expect(long.status).toBe(400);
      expect(long.text).toContain(`${name} must have at most 200 characters in each name.`);
    },
  );
});

test.each(['--allow', '--deny', '--toolsets', '--secret-env'])(
  '%s is refused beyond its maximum length',
  async (flag) => {
    const child = spawn(process.execPath, [builtCli, '--sandbox', flag, `${stars(250)}`], {
      env: cleanEnvironment(),
    });
    let written = '';
    child.stderr.on('data', (chunk) => {
      written += chunk;
    });
    const close = async () => void child.kill('SIGKILL');
    const code = await within({ close }, new Promise((resolve) => child.once('exit', resolve)));
    expect(code).not.toBe(0);
    expect(written).toContain(`${flag} must have at most 200 characters in each name.`);
  },
);

describe('patterns of calls', () => {
  let program: RawProgram;
  beforeAll(async () => {
    program = await startRawStdio(['--sandbox', '--secret-env', stars(20, 'Z')]);
  });
  afterAll(() => program.close());

  test('the name of a variable is compared with a pattern of many stars', async () => {
    const { text } = await callWithin(program, 'credentials_create', {
      owner_id: 'a',
      owner_type: 'account',
      name: 'c',
      config: { type: 'token', secret: `\${env:${'A'.repeat(60)}}` },
    });
    expect(JSON.parse(text).error).toMatchObject({ code: 'secret_reference' });
  });

  test('the [like] filter of the sandbox takes patterns of many stars', async () => {
    for (const operand of [stars(40), '%'.repeat(40).concat('z'), `${'*a'.repeat(40)}z`]) {
      const { text } = await callWithin(program, 'accounts_list', { filter: [`name[like]${operand}`] });
      expect(JSON.parse(text).result ?? JSON.parse(text).rows).toEqual([]);
    }
  });
});
