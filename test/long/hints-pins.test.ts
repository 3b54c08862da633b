import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startProxy } from '../e2e/changing-proxy.ts';
import { marker, tokenConfig } from '../e2e/pins-support.ts';
import { type Program, type Rig, startProgram, startRig } from '../e2e/support.ts';
import { by, testSurfaces } from '../e2e/surfaces.ts';

/** What is asked for; outside something is named just so but for the marker, inside something is named less alike. */
const wanted = 'harbour';
const inside = 'harbor-north';
const outside = `${wanted}-${marker}`;
const provider_config = { type: 'siem_mock_siem' };

let rig: Rig;
let lax: Awaited<ReturnType<typeof startProxy>>;
let insideId: string;
let outsideId: string;
beforeAll(async () => {
  rig = await startRig({ sandbox: { size: 'small' }, args: ['--confirm', 'never'] });
  const make = async (tool: string, args: Record<string, unknown>) => {
    const { isError, json, text } = await rig.call(tool, args);
    if (isError) throw new Error(text);
    return json.result;
  };
  for (const [account_id, environment, name] of [
    [inside, 'test', inside],
    [outside, 'prod', outside],
  ] as const) {
    const { account } = await make('accounts_create', { name: account_id, environment, labels: [name] });
    if (environment === 'test') insideId = account.id;
    else outsideId = account.id;
    await make('integrations_create', { account_id, name, provider_config });
    await make('bridges_create', { account_id, name });
    await make('credentials_create', { owner_id: account_id, name, config: tokenConfig });
  }
  await make('members_create', { name: `${outside}@example.com`, secret: 'correct-horse-battery-9' });
  // It knows the filters that callers give, not those that the pins add.
  lax = await startProxy(rig.sandbox.baseUrl, undefined, ({ searchParams }) => {
    const kept = searchParams
      .getAll('filter')
      .filter((filter) => !/^(environment|account_id)\[/.test(filter));
    searchParams.delete('filter');
    for (const filter of kept) searchParams.append('filter', filter);
  });
}, 60_000);
afterAll(async () => {
  lax.close();
  await rig.close();
});

describe.each([
  ['account', 'Synqly', 'full'],
  ['environment', 'Synqly', 'full'],
  ['account', 'Synqly', 'compact'],
  ['environment', 'Synqly', 'compact'],
  ['account', 'a Synqly without the filters of pins', 'full'],
  ['environment', 'a Synqly without the filters of pins', 'full'],
] as const)('pinned by %s, before %s, on the %s surface', (kind, upstream, surfaceName) => {
  const surface = testSurfaces[surfaceName];
  let pinned: Program;
  beforeAll(async () => {
    const flag = kind === 'account' ? `--account=${inside}` : '--environment=test';
    const url = upstream === 'Synqly' ? rig.sandbox.baseUrl : lax.url;
    const args = ['--base-url', url, '--confirm', 'never', flag, ...surface.flags];
    pinned = by(surface, await startProgram(args, { SYNQLY_TOKEN: rig.sandbox.token }));
  });
  afterAll(() => pinned.close());
  const ofAccount = kind === 'account' ? {} : { account_id: inside };

  test.each([
    ['accounts_list', {}],
    ['integrations_list', {}],
    ['integrations_list_account', ofAccount],
    ['bridges_list', ofAccount],
    ['credentials_list', { owner_id: inside }],
  ])('an empty %s suggests only names inside the pins', async (name, args) => {
    const { json, text, isError } = await pinned.call(name, { ...args, filter: [`name[eq]${wanted}`] });
    expect(isError, text).toBe(false);
    expect(json.result, text).toEqual([]);
    expect(json.note).toContain('within what this server is pinned to');
    expect(json.note).toMatch(
      /Without the filter there (is|are) \d+( or more)?\. See closest for similar names\./,
    );
    expect(json.closest).toContain(inside);
    expect(text).not.toContain(marker);
    expect(text).not.toContain(outsideId);
  });

  test('the count of an empty list is of the objects inside the pins', async () => {
    const count = rig.sandbox.state.collections.account
      .all()
      .filter(({ environment, id }) =>
        kind === 'account' ? id === insideId : environment === 'test',
      ).length;
    const { json } = await pinned.call('accounts_list', { filter: [`name[eq]${wanted}`] });
    expect(json.note).toContain(` there ${count === 1 ? 'is' : 'are'} ${count}.`);
    const past = await pinned.call('accounts_list', { start_after: 'zzz' });
    expect(past.json.note).toContain(` there are ${count}.`);
  });

  test('suggested values of a field come from inside the pins', async () => {
    const { json, text } = await pinned.call('accounts_list', { filter: ['labels[eq]nothing'] });
    expect(json.note).toMatch(/See values for the (values|format) of labels.*\.$/);
    expect(json.values.labels).not.toEqual([]);
    expect(text).not.toContain(marker);
  });

  test.each([
    ['credentials_get', { owner_id: inside, credential_id: wanted }],
    ['credentials_delete', { owner_id: inside, credential_id: wanted }],
  ])('%s suggests similar names inside the pins', async (name, args) => {
    const { json, text } = await pinned.call(name, args);
    expect(json.error, text).toMatchObject({ code: 'not_found', closest: [inside] });
    expect(text).not.toContain(marker);
  });

  const accountsGet: [string, Record<string, unknown>] = ['accounts_get', { account_id: wanted }];
  const refused: [string, Record<string, unknown>][] = [
    ['integrations_get', { ...ofAccount, integration_id: wanted }],
    ['bridges_get', { ...ofAccount, bridge_id: wanted }],
    ['credentials_list', { owner_id: wanted }],
    ['tokens_get', { refresh_token_id: wanted }],
    ...(kind === 'account' ? [] : [accountsGet]),
    ['credentials_lookup', { credential_id: wanted }],
  ];
  test.each(refused)(
    '%s of what is not there is refused as before, and names nothing',
    async (name, args) => {
      const { json, text } = await pinned.call(name, args);
      expect(['outside_pin', 'not_found'], text).toContain(json.error.code);
      expect(json.error.closest).toBeUndefined();
      expect(text).not.toContain(marker);
    },
  );

  test('a tool or an operation that the pins hide is not named', async () => {
    if (surface === testSurfaces.full) {
      const refused = await pinned.client.callTool({ name: 'members_lists' }).catch(String);
      expect(refused).toContain('Unknown tool: members_lists');
      expect(refused).not.toMatch(/members_list\b/);
    } else {
      const refused = await pinned.client.callTool({ name: 'members_list' }).catch(String);
      expect(refused).not.toContain('"operation":"members_list"');
    }
  });

  test('the example of a call has no pinned argument', async () => {
    const { json } = await pinned.call('integrations_get', { integration: wanted });
    const { example } = json.error;
    const args = surface === testSurfaces.full ? example.arguments : example.arguments.arguments;
    expect(Object.keys(args)).toEqual([...(kind === 'account' ? [] : ['account_id']), 'integration_id']);
  });
});
