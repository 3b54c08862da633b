import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ground, makeTarget, prepareGround } from './destroys.ts';
import { startHttpRig } from './http-support.ts';
import type { Person, Program } from './support.ts';
import { testSurfaces } from './surfaces.ts';

let ground: Ground;
let program: Program;
let compact: Program;
let person: Person = async () => ({ action: 'cancel' });
beforeAll(async () => {
  ground = await prepareGround();
  const ask: Person = (question) => person(question);
  [program, compact] = await Promise.all([
    ground.open([], ask),
    ground.open(testSurfaces.compact.flags, ask),
  ]);
}, 30_000);
afterAll(async () => {
  await Promise.all([program.close(), compact.close()]);
  await ground.close();
});

/** An account with a name that no tool would give it; gives its id. */
async function accountNamed(name: string): Promise<string> {
  const { args } = await makeTarget('accounts_delete', ground);
  const account = ground.sandbox.state.collections.account.get(String(args.account_id));
  account.name = name;
  return account.id;
}

/** What a question shows to be typed, and what it calls that. */
function shownIn(message: string): { readonly what: string; readonly shown: string } {
  const [, what = '', text = '""'] = /^To confirm, type (.*?): (".*")$/m.exec(message) ?? [];
  return { what, shown: JSON.parse(text) };
}

/** Deletes an account while the person types something; tells what was shown, and the error's code. */
async function type(
  account_id: string,
  typing: (shown: string) => unknown,
  subject: Program['call'] = program.call,
) {
  let message = '';
  person = async (question) => {
    message = question.message;
    // Also names that are no text.
    return { action: 'accept', content: { name: typing(shownIn(message).shown) } as never };
  };
  const { json } = await subject('accounts_delete', { account_id });
  return { ...shownIn(message), message, error: json.error };
}

const composed = 'caf\u00e9-zo\u00eb';
const decomposed = composed.normalize('NFD');

describe('accepts the name in whatever Unicode form it was typed', () => {
  test.each([
    ['as it is', 'acme', 'acme'],
    ['with a blank at the end', 'acme', 'acme '],
    ['with blanks and a line break around it', 'acme', ' \tacme\n'],
    ['of a name with a blank at its end', 'acme ', 'acme'],
    ['with a blank that does not break', 'acme north', 'acme\u00a0north'],
    ['with two blanks for one', 'acme north', 'acme  north'],
    ['composed for decomposed letters', decomposed, composed],
    ['decomposed for composed letters', composed, decomposed],
    ['in full width', 'acme-1', '\uff41\uff43\uff4d\uff45\u2010\uff11'],
    ['in capitals, which tell no names apart', 'acme', 'ACME'],
    ['with a comma', 'acme, north', 'acme, north'],
    ['with quotes, as it is shown', 'acme', '"acme"'],
    ['with other quotes', 'acme', '\u201cacme\u201d'],
    ['with single quotes', 'acme', "'acme'"],
    ['with backticks and a blank', 'acme', '` acme `'],
    ['with curly single quotes', 'acme', '\u2018acme\u2019'],
    ['in capitals that small letters share', 'stra\u00dfe-\u03c3\u03af\u03c2', 'STRASSE-\u03a3\u038a\u03a3'],
    ['of a name with quotes', 'the "acme"', 'the "acme"'],
    ['of a name with quotes, with the escapes that are shown', 'the "acme"', 'the \\"acme\\"'],
    ['of a name with quotes, wholly as it is shown', 'the "acme"', '"the \\"acme\\""'],
    ['with a curly apostrophe', "acme's", 'acme\u2019s'],
    ['with a long dash for two short ones', 'acme--north', 'acme\u2014north'],
    ['with a mark that cannot be seen', 'acme', '\u200eacme\ufeff'],
    ['in an alphabet from right to left', '\u05e9\u05dc\u05d5\u05dd', '\u05e9\u05dc\u05d5\u05dd'],
    ['in Han signs', '\u6771\u4eac\u652f\u5e97', '\u6771\u4eac\u652f\u5e97'],
  ])('%s', async (_, name, typed) => {
    const { error, what } = await type(await accountNamed(name), () => typed);
    expect(error).toBeUndefined();
    expect(what).toBe('the name of the object');
  });

  test('by the compact surface, and over HTTP', async () => {
    const bySurface = (tool: string, args?: Record<string, unknown>) =>
      compact.call(...testSurfaces.compact.toolCall(tool, args));
    expect((await type(await accountNamed(composed), () => decomposed, bySurface)).error).toBeUndefined();
    const http = await startHttpRig({ baseUrl: ground.sandbox.baseUrl, args: ['--sessions'] });
    const client = await http.connect(await ground.newToken(), async () => ({
      action: 'accept',
      content: { name: `${decomposed} ` },
    }));
    const account_id = await accountNamed(composed);
    const result = await client.callTool({ name: 'accounts_delete', arguments: { account_id } });
    expect(result.isError ?? false, JSON.stringify(result.content)).toBe(false);
    await client.close();
    await http.close();
  });

  test.each(['members_delete', 'integrations_delete', 'subOrgs_delete', 'tokens_reset'])(
    'for %s',
    async (tool) => {
      const { args, name } = await makeTarget(tool, ground);
      person = async () => ({ action: 'accept', content: { name: `${name.toUpperCase()} ` } });
      expect((await program.call(tool, args)).json.error).toBeUndefined();
    },
  );
});

const long = (length: number) => 'n'.repeat(length);

describe('the shown name can be typed', () => {
  test.each([
    ['117 characters', long(117), 'the name of the object'],
    ['118 characters', long(118), 'the name of the object'],
    ['119 characters', long(119), 'the id of the object'],
    ['500 characters', long(500), 'the id of the object'],
    ['118 quotes', '"'.repeat(118), 'the id of the object'],
    ['blanks only', '   ', 'the id of the object'],
    ['blanks that are none, only', '\u2800\u3164\u200b', 'the id of the object'],
    ['nothing', '', 'the id of the object'],
    ['a line break', 'one\ntwo', 'the id of the object'],
    ['a sign that turns the writing', 'acme\u202egnp', 'the id of the object'],
    ['a mark between letters that cannot be seen', 'ac\u200bme', 'the id of the object'],
    ['an emoji of several', '\u{1f468}\u200d\u{1f469}', 'the id of the object'],
    ['half of a pair', 'acme\ud83d', 'the id of the object'],
    ['a sign for private use', 'acme\ue000', 'the id of the object'],
  ])('of a name of %s', async (_, name, what) => {
    const id = await accountNamed(name);
    const told = await type(id, (shown) => shown);
    expect(told.error).toBeUndefined();
    expect(told.what).toBe(what);
    expect(told.shown).toBe(what === 'the name of the object' ? name : id);
    expect(told.message.split('\n').at(-1)?.length).toBeLessThan(200);
  });

  test.each([119, 150, 500])('a name of %i characters can be pasted whole', async (length) => {
    expect((await type(await accountNamed(long(length)), () => long(length))).error).toBeUndefined();
  });

  test('accepts the arguments of the call when neither name nor id can be read', async () => {
    const id = await accountNamed('hidden');
    ground.sandbox.faults.add({ route: 'accounts_get', status: 403 });
    const told = await type(id, (shown) => shown);
    ground.sandbox.faults.clear();
    expect(told).toMatchObject({ error: undefined, what: 'the name of the object', shown: id });
  });
});

describe('anything else cancels the call', () => {
  test.each([
    ['another name', 'acme', 'acne'],
    ['the beginning of it', 'acme-north', 'acme'],
    ['more than it', 'acme', 'acme-north'],
    ['two names', 'acme', 'acme acme'],
    ['letters without their marks', composed, 'cafe-zoe'],
    ['a wildcard', 'acme', '%'],
    ['a yes', 'acme', 'yes'],
    ['the beginning of a long name', long(500), long(120)],
    ['what a long name is shown by elsewhere', long(500), `"${long(119)}\u2026`],
  ])('%s', async (_, name, typed) => {
    const { error } = await type(await accountNamed(name), () => typed);
    expect(error).toMatchObject({
      code: 'confirmation_declined',
      message: 'The person did not type the requested name.',
    });
  });

  test.each(['acme', '', '   ', '\u2800', '\u200b', long(500)])(
    'does not accept an empty answer for the name %j',
    async (name) => {
      const id = await accountNamed(name);
      for (const typed of [
        '',
        ' ',
        '""',
        '" "',
        "''",
        '\u200b',
        '\u2800',
        '"\u2800"',
        undefined,
        null,
        true,
        0,
        [],
        {},
      ]) {
        expect((await type(id, () => typed)).error?.code, JSON.stringify(typed)).toBe(
          'confirmation_declined',
        );
      }
    },
  );

  test('accepts the id in place of the name', async () => {
    const id = await accountNamed('acme');
    expect((await type(id, () => id)).error?.code).toBe('confirmation_declined');
  });
});
