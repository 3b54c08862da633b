import fc from 'fast-check';
import { catalogue } from '../../src/tools/catalogue.ts';
import type { Operation } from '../../src/tools/define-operation.ts';
import { assertHeld, type PinnedDoor, type Told } from './mixes-doors.ts';
import { type Arguments, bodyFor, type Mixed, namingOperations } from './mixes-support.ts';
import { tokenConfig } from './pins-support.ts';

const tools = ['call', 'call', 'call', 'preview_call', 'read_more'] as const;

interface Attempt {
  /** Its id. */
  readonly operation: string;
  readonly tool: (typeof tools)[number];
  readonly args: Arguments;
}

const columns = [
  'id',
  'name',
  'fullname',
  'account_id',
  'owner_id',
  'integration_id',
  'refresh_token_id',
  'environment',
  'account.id',
  'account.name',
  'account.fullname',
  'integration.account_id',
  'integration_point.name',
];
const comparisons = ['eq', 'ne', 'in', 'not_in', 'like', 'not_like', 'gt', 'gte', 'lt', 'lte'];

/** Pointers to what says whose an object is, as they are and as a lenient reader would take them; and harmless ones. */
const pointers = [
  ...['/id', '/account_id', '/owner_id', '/owner_type', '/integration_id', '/refresh_token_id'],
  ...['/organization_id', '/environment', '/Environment', '/ACCOUNT_ID', '/ account_id', '/\uff41ccount_id'],
  ...['', 'account_id', '/', '/name', '/fullname', '/labels', '/labels/-', '/description'],
  ...['/config/account_id', '/provider_config/account_id', '/provider_config/type', '/account_id/0'],
];

/** Ids and names of both sides, also joined, in other letters, and as paths that lead from one to the other. */
function namesOf({ planted: { inside, outside } }: Mixed): fc.Arbitrary<string> {
  const own = fc.constantFrom(...Object.values(inside), `${inside.name}-bridge`, `${inside.name}-credential`);
  const foreign = fc.constantFrom(
    ...Object.values(outside),
    `${outside.name}-bridge`,
    `${outside.name}-credential`,
  );
  const plain = fc.oneof(own, foreign);
  const written = fc
    .tuple(
      plain,
      plain,
      fc.constantFrom<(a: string, b: string) => string>(
        (a, b) => `${a},${b}`,
        (a) => a.toUpperCase(),
        (a) => ` ${a} `,
        (a, b) => `${a}/../${b}`,
        (a, b) => `${a}/${b}`,
        (a, b) => `${a}%2f..%2f${b}`,
        (a, b) => `${a}?account_id=${b}`,
        (a) => JSON.stringify([a]),
      ),
    )
    .map(([one, other, write]) => write(one, other));
  return fc.oneof({ arbitrary: plain, weight: 4 }, written);
}

/** Calls of any operation of the catalogue, with ids and names wherever arguments can hold them. */
export function attempts(mixed: Mixed): fc.Arbitrary<Attempt> {
  const any = namesOf(mixed);
  const { inside, outside } = mixed.planted;
  const fitting = (argument: string, place: typeof inside): fc.Arbitrary<unknown> => {
    const known: Readonly<Record<string, readonly string[]>> = {
      account_id: [place.id, place.name],
      owner_id: [place.id, place.integrationId],
      integration_id: [place.integrationId, place.integration],
      bridge_id: [place.bridgeId],
      credential_id: [place.credentialId, place.integrationCredentialId],
      refresh_token_id: [place.tokenId],
    };
    return fc.constantFrom(...(known[argument] ?? [place.id]));
  };
  const param = (name: string) =>
    fc.oneof(
      { arbitrary: fitting(name, inside), weight: 6 },
      { arbitrary: fitting(name, outside), weight: 3 },
      { arbitrary: any, weight: 1 },
      { arbitrary: fc.array(any, { maxLength: 2 }), weight: 1 },
    );
  const column = fc.constantFrom(...columns);
  const filter = fc
    .tuple(column, fc.constantFrom(...comparisons), any)
    .map(([field, comparison, value]) => `${field}[${comparison}]${value}`);
  const listOf = (items: fc.Arbitrary<unknown>) => {
    const list = fc.array(items, { minLength: 1, maxLength: 3 });
    // Models write lists as JSON too.
    return fc.oneof(
      { arbitrary: list, weight: 4 },
      list.map((one) => JSON.stringify(one)),
    );
  };
  const query: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    filter: listOf(fc.oneof(filter, any)),
    order: listOf(
      fc.oneof(
        column,
        any,
        column.map((field) => `${field}[desc]`),
      ),
    ),
    expand: listOf(
      fc.oneof(fc.constantFrom('all', 'account', 'accounts', 'integration', 'integration_point'), any),
    ),
    fields: listOf(fc.oneof(fc.constant('*'), column, any)),
    start_after: fc.oneof(any, fc.array(any, { maxLength: 2 })),
    limit: fc.integer({ min: 1, max: 60 }),
    total: fc.boolean(),
  };
  const holder = fc.dictionary(column, any, { maxKeys: 2 });
  const pointer = fc.oneof(
    fc.constantFrom(...pointers),
    any.map((name) => `/labels/${name}`),
  );
  const value = fc.oneof(
    any,
    fc.constantFrom('prod', 'test', 'integration'),
    holder,
    fc.array(any, { maxLength: 2 }),
  );
  const step = fc.oneof(
    fc.record({ op: fc.constantFrom('add', 'replace'), path: pointer, value }),
    fc.record({ op: fc.constantFrom('copy', 'move'), path: pointer, from: pointer }),
    fc.record({ op: fc.constant('remove'), path: pointer }),
    fc.record({ op: fc.constant('test'), path: pointer, value }),
  );
  const body: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    patch: listOf(step),
    name: any,
    fullname: any,
    description: any,
    labels: listOf(any),
    environment: fc.constantFrom('test', 'prod'),
    owner_type: fc.constantFrom('account', 'integration', 'integration_point', 'organization_webhook'),
    config: fc.constant(tokenConfig),
    provider_config: holder.map((more) => ({ ...more, type: 'siem_mock_siem' })),
  };
  const argumentsOf = (operation: Operation): fc.Arbitrary<Arguments> => {
    const params = Object.fromEntries(Object.keys(operation.params).map((name) => [name, param(name)]));
    const others = [operation.query, operation.formatting, operation.body ?? {}].flatMap(Object.keys);
    const optional = Object.fromEntries(
      others.flatMap((name) => {
        const made = query[name] ?? body[name];
        return made ? [[name, made]] : [];
      }),
    );
    const unknown = fc.oneof({ arbitrary: fc.constant({}), weight: 9 }, { arbitrary: holder, weight: 1 });
    return fc
      .tuple(
        unknown,
        fc.record(optional, { requiredKeys: [] }),
        fc.record(params, { requiredKeys: [] }),
        fc.record(params),
        fc.integer({ min: 0, max: 3 }),
      )
      .map(([more, given, some, each, luck]) => ({
        ...more,
        ...bodyFor(operation),
        ...given,
        // A pinned account is no argument, so that what names none must be tried as often.
        ...(luck === 0 ? some : luck === 1 ? each : withoutAccount(each)),
      }));
  };
  return fc
    .tuple(
      fc.oneof(
        fc.constantFrom(...catalogue),
        fc.constantFrom(...namingOperations('environment')),
        fc.constantFrom(
          ...catalogue.filter(({ method, pinRule }) => method === 'PATCH' && pinRule.kind !== 'organization'),
        ),
      ),
      fc.constantFrom(...tools),
    )
    .chain(([operation, tool]) =>
      argumentsOf(operation).map((args) => ({ operation: operation.id, tool, args })),
    );
}

const withoutAccount = ({ account_id: _, ...rest }: Arguments): Arguments => rest;

/** Makes a call, confirms what is asked, and asserts that nothing of another account was met. */
export async function tryOnce(
  mixed: Mixed,
  door: PinnedDoor,
  { operation, tool, args }: Attempt,
): Promise<Told> {
  const from = mixed.writes.length;
  const given = { tool: operation, arguments: args };
  const told = await (tool === 'call'
    ? door.call(operation, args)
    : door.call(tool, tool === 'read_more' ? { ...given, cursor: '/result' } : given));
  assertHeld(mixed, door.pinning, given, told, from);
  if (told.code !== 'confirmation_required') return told;
  const confirmed = await door.call('confirm_call', { id: told.json.error.confirmation.id });
  assertHeld(mixed, door.pinning, given, confirmed, from);
  return confirmed;
}

/** Tries so many calls of a seed in turn through each of the doors; counts how they ended. */
export async function tryMany(
  mixed: Mixed,
  doors: readonly PinnedDoor[],
  { seed, numRuns }: { readonly seed: number; readonly numRuns: number },
): Promise<Readonly<Record<string, number>>> {
  const ends: Record<string, number> = {};
  let turn = 0;
  await fc.assert(
    fc.asyncProperty(attempts(mixed), async (attempt) => {
      turn += 1;
      const door = doors[turn % doors.length] as PinnedDoor;
      const { code = 'ok' } = await tryOnce(mixed, door, attempt);
      ends[code] = (ends[code] ?? 0) + 1;
    }),
    // What fails is told as it is: shrinking would go through another door.
    { seed, numRuns, endOnFailure: true },
  );
  return ends;
}
