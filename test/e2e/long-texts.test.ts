import { afterAll, describe, expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/start.ts';
import { type RawProgram, startRawStdio } from './raw-calls.ts';
import { callWithin, within } from './within.ts';

const sandbox = await startSandbox();
afterAll(() => sandbox.close());

/** A program of a surface; a new one when the last was ended. */
const programs = new Map<string, RawProgram>();
afterAll(() => Promise.all([...programs.values()].map((program) => program.close())));

async function call(tool: string, args: object, surface = 'full') {
  const program =
    programs.get(surface) ??
    (await startRawStdio(['--base-url', sandbox.baseUrl, '--surface', surface], sandbox.token));
  programs.set(surface, program);
  try {
    return JSON.parse((await callWithin(program, tool, args)).text);
  } catch (error) {
    programs.delete(surface);
    throw error;
  }
}

const blanks = (count: number) => ' '.repeat(count);
const faultOf = (argument: string, problem: string) => ({
  code: 'invalid_arguments',
  arguments: [{ argument, problem }],
});
const inAll = 'must have at most 20000 characters in all its items';
const words = Array.from({ length: 100_000 }, (_, at) => `w${at.toString(36)}`).join(' ');

describe('texts beyond their maximum length are refused with the maximum', () => {
  const id = () => ({ account_id: 'a', integration_id: 'b' });
  test.each<[string, string, () => Record<string, unknown>, string, string]>([
    [
      'an order of 300,000 dots',
      'accounts_list',
      () => ({ order: [`a${'.'.repeat(300_000)}`] }),
      'order',
      inAll,
    ],
    [
      'a filter of a million blanks',
      'accounts_list',
      () => ({ filter: [`a[${blanks(1e6)}x`] }),
      'filter',
      inAll,
    ],
    [
      'many filters',
      'accounts_list',
      () => ({ filter: Array(201).fill('name[eq]a') }),
      'filter',
      'must hold at most 200 items',
    ],
    [
      'many fields',
      'accounts_list',
      () => ({ fields: Array.from({ length: 15_000 }, (_, at) => `f${at}`) }),
      'fields',
      'must hold at most 200 items',
    ],
    [
      'many fields in one text',
      'accounts_list',
      () => ({ fields: Array.from({ length: 15_000 }, (_, at) => `f${at}`).join(',') }),
      'fields',
      'must hold at most 200 items',
    ],
    [
      'a long cursor',
      'accounts_list',
      () => ({ start_after: 'a,'.repeat(400_000) }),
      'start_after',
      'must have at most 2000 characters',
    ],
    [
      'a long id',
      'accounts_get',
      () => ({ account_id: 'a/'.repeat(450_000) }),
      'account_id',
      'must have at most 500 characters',
    ],
    [
      'a part of dots',
      'capabilities_get_provider',
      () => ({ provider_id: 'siem_splunk', part: '.'.repeat(900_000) }),
      'part',
      'must have at most 50000 characters',
    ],
    [
      'a schema of dots',
      'meta_managementOpenapiSpec',
      () => ({ schema: `a${'.'.repeat(900_000)}` }),
      'schema',
      'must have at most 50000 characters',
    ],
    [
      'a schema of slashes',
      'meta_managementOpenapiSpec',
      () => ({ schema: '/'.repeat(900_000) }),
      'schema',
      'must have at most 50000 characters',
    ],
    [
      'an operation of braces',
      'meta_managementOpenapiSpec',
      () => ({ operation: `GET /${'{'.repeat(900_000)}` }),
      'operation',
      'must have at most 10000 characters',
    ],
    [
      'a search of 100,000 words',
      'meta_managementOpenapiSpec',
      () => ({ search: words }),
      'search',
      'must have at most 2000 characters',
    ],
    [
      'a part of a result',
      'read_more',
      () => ({ tool: 'accounts_list', cursor: '/'.repeat(900_000) }),
      'cursor',
      'must have at most 50000 characters',
    ],
    [
      'a name of a tool',
      'preview_call',
      () => ({ tool: 'a_'.repeat(450_000), arguments: id() }),
      'tool',
      'must have at most 500 characters',
    ],
    [
      'an id of a confirmation',
      'confirm_call',
      () => ({ id: 'a'.repeat(900_000) }),
      'id',
      'must have at most 500 characters',
    ],
  ])('%s', async (_, tool, args, argument, problem) => {
    expect((await call(tool, args())).error).toMatchObject(faultOf(argument, problem));
  });

  test.each<[string, string, () => Record<string, unknown>, string, string]>([
    [
      'a search of 100,000 words',
      'find_operations',
      () => ({ query: words }),
      'query',
      'must have at most 1000 characters',
    ],
    [
      'a group',
      'find_operations',
      () => ({ group: 'a-'.repeat(450_000) }),
      'group',
      'must have at most 500 characters',
    ],
    [
      'a name of an operation',
      'run_read',
      () => ({ operation: 'a_'.repeat(450_000) }),
      'operation',
      'must have at most 10000 characters',
    ],
    [
      'a filter',
      'run_read',
      () => ({ operation: 'accounts_list', arguments: { filter: [`a[${blanks(1e6)}x`] } }),
      'filter',
      inAll,
    ],
  ])('on the compact surface: %s', async (_, tool, args, argument, problem) => {
    expect((await call(tool, args(), 'compact')).error).toMatchObject(faultOf(argument, problem));
  });
});

describe('texts at the maximum length are handled in linear time', () => {
  test.each<[string, string, () => Record<string, unknown>]>([
    ['blanks behind a bracket', 'accounts_list', () => ({ filter: [`a[${blanks(8_000)}x`] })],
    [
      'blanks in a bracket that is not closed',
      'accounts_list',
      () => ({ filter: [`.[${'\t'.repeat(19_000)}[\t]`] }),
    ],
    ['blanks behind a function', 'accounts_list', () => ({ filter: [`a(a,${blanks(19_000)}.`] })],
    ['dots behind a field', 'accounts_list', () => ({ order: [`a${'.'.repeat(19_000)}!`] })],
    ['letters that no bracket follows', 'accounts_list', () => ({ filter: ['a'.repeat(19_000)] })],
    ['brackets', 'accounts_list', () => ({ filter: ['a[eq]'.repeat(3_900)] })],
    ['filters in one text', 'accounts_list', () => ({ filter: `name[eq]a${blanks(900_000)}x` })],
    ['dots of a schema', 'meta_managementOpenapiSpec', () => ({ schema: 'a.'.repeat(25_000) })],
    ['slashes of a schema', 'meta_managementOpenapiSpec', () => ({ schema: '/a'.repeat(25_000) })],
    ['slashes of a part', 'read_more', () => ({ tool: 'accounts_list', cursor: '/a'.repeat(25_000) })],
    [
      'braces of an operation',
      'meta_managementOpenapiSpec',
      () => ({ operation: `GET /${'{'.repeat(9_000)}` }),
    ],
    [
      'many names of arguments',
      'accounts_list',
      () => Object.fromEntries(Array.from({ length: 19_000 }, (_, at) => [`limut${at}`, 1])),
    ],
  ])('%s', async (_, tool, args) => {
    expect(await call(tool, args())).toBeTypeOf('object');
  });

  test('words of a search', async () => {
    const query = Array.from({ length: 140 }, (_, at) => `zqxw${at.toString(36)}`).join(' ');
    expect(await call('find_operations', { query }, 'compact')).toHaveProperty('operations');
  });

  test.each([
    ['one word of a search', 'a'.repeat(1_000)],
    // U+FDFA unfolds to eighteen letters.
    ['letters of a search that stand for many', '\ufdfa'.repeat(1_000)],
  ])('%s', async (_, query) => {
    for (let count = 0; count < 40; count += 1)
      expect(await call('find_operations', { query }, 'compact')).toHaveProperty('operations');
  });

  test('ordinary texts are accepted', async () => {
    const meant = async (name: string, text: string) =>
      (await call('accounts_list', { [name]: [text] })).error.arguments[0].problem;
    expect(await meant('filter', 'name[ Equals ] = "acme"')).toContain('name[eq]acme');
    expect(await meant('filter', 'contains( name , acme )')).toContain('name[like]%acme%');
    expect(await meant('filter', 'name[acme]')).toContain('name[eq]acme');
    expect(await meant('order', 'created_at : descending')).toContain('created_at[desc]');
    expect(await meant('order', 'org.created_at desc')).toContain('org.created_at[desc]');
    const { error } = await call('accounts_list', { filter: 'name[eq]acme and id[eq]b ; nome[eq]c' });
    expect(JSON.stringify(error.upstream)).toContain('nome');
  });
});

test('a URI beyond the maximum length is refused', async () => {
  const { startHttpRig } = await import('./http-support.ts');
  const rig = await startHttpRig();
  try {
    const read = async (uri: string) => {
      const message = { method: 'resources/read', params: { uri } };
      const post = rig.post(message, { authorization: `Bearer ${rig.sandbox.token}` });
      return within(
        rig,
        post.then(async (response) => JSON.parse(await response.text())),
      );
    };
    const base = 'synqly://openapi/management/schemas/';
    const { error } = await read(`${base}${'.'.repeat(900_000)}`);
    expect(error.message).toContain('The URI must have at most 100000 characters.');
    expect(JSON.stringify(error).length).toBeLessThan(1_000);
    expect((await read(`${base}${'a.'.repeat(20_000)}`)).error.message).toContain('Resource not found');
  } finally {
    await rig.close();
  }
});
