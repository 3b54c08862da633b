import type { Stored } from '../../src/sandbox/model.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { catalogue } from '../../src/tools/catalogue.ts';
import type { Operation } from '../../src/tools/define-operation.ts';
import { isHiddenByPins, pinnedArguments } from '../../src/tools/pin-rule.ts';
import { type FakeAnswer, type FakeRequest, startFakeSynqly } from './fake-synqly.ts';
import { marker, type Planted, plant, tokenConfig } from './pins-support.ts';
import { type Rig, startProgram } from './support.ts';

export type Arguments = Record<string, unknown>;
export type Pinning = 'account' | 'environment' | 'both';
export const pinnings: readonly Pinning[] = ['account', 'environment', 'both'];

/** Stands in every object of an account in the other environment. */
const canaryOfProd = 'canary-of-the-other-environment';
/** Stands in every object of the other accounts in the same environment. */
const canaryOfTest = 'canary-of-another-account';

/** A write that reached Synqly. */
export interface Write {
  readonly told: string;
  /** What its path names, by id or by name. */
  readonly named: readonly string[];
  /** Ids of the accounts that anything in its path is of, or that its body gives the object to. */
  readonly accounts: readonly string[];
  /** Whether its body takes an account out of its environment. */
  readonly leavesEnvironment: boolean;
  /** Whether its body changes whose the object is. */
  readonly leavesOwner: boolean;
}

/** Two planted accounts behind a Synqly that finds whatever is named, and heeds neither parents nor filters. */
export interface Mixed {
  readonly sandbox: Sandbox;
  readonly planted: Planted;
  readonly baseUrl: string;
  /** Every write since the start, oldest first. */
  readonly writes: readonly Write[];
  /** Whether an account is outside of the pins. */
  isForeign(account: string, pinning: Pinning): boolean;
  /** What of the foreign objects stands in a text, save what stands in the arguments. */
  foreignIn(text: string, args: unknown, pinning: Pinning): readonly string[];
  /** All that the sandbox holds of accounts outside of the environment. */
  foreignPart(): string;
  close(): Promise<void>;
}

/** Starts both. What is written to the own account is answered but not done, so that every call meets the same state. */
export async function startMixed(): Promise<Mixed> {
  const sandbox = await startSandbox({ size: 'small' });
  const planter = await startProgram(['--base-url', sandbox.baseUrl, '--confirm', 'never'], {
    SYNQLY_TOKEN: sandbox.token,
    SYNQLY_PERMISSIONS: 'ignore',
  });
  const planted = await plant({ ...planter, sandbox, exchanges: [] } as Rig);
  await planter.close();

  const { collections, tokens, jobRuns } = sandbox.state;
  const accountOfRow = (row: Stored): string | undefined => {
    if (collections.account.all().includes(row)) return row.id;
    const integration = collections.integration.find(String(row.integration_id ?? row.owner_id ?? ''));
    return String(row.account_id ?? integration?.account_id ?? collections.bridge.scopeOf(row.id) ?? '');
  };
  const kinds = (['account', 'integration', 'bridge', 'credential'] as const).map(
    (kind) => collections[kind],
  );
  const rowsOf = (isWanted: (account: string) => boolean): Stored[] =>
    [...kinds.flatMap(({ all }) => all()), ...(tokens.all() as Stored[])].filter((row) =>
      isWanted(accountOfRow(row) ?? ''),
    );
  const isForeign = (account: string, pinning: Pinning): boolean => {
    const found = collections.account.find(account);
    if (!found) return false;
    return pinning === 'environment' ? found.environment !== 'test' : found.id !== planted.inside.id;
  };
  for (const collection of kinds) {
    for (const row of collection.all()) {
      const account = accountOfRow(row) ?? '';
      if (!isForeign(account, 'account')) continue;
      const canary = isForeign(account, 'environment') ? canaryOfProd : canaryOfTest;
      collection.replace({ ...row, fullname: canary, description: canary, labels: [canary] });
    }
  }
  for (const run of jobRuns) {
    if (isForeign(String(run.account_id), 'account')) run.detail = canaryOfTest;
  }
  const foreign = Object.fromEntries(
    pinnings.map((pinning) => {
      const rows = rowsOf((account) => isForeign(account, pinning));
      const names = rows.map(({ name }) => name).filter((name) => name?.includes(marker));
      const canaries = pinning === 'environment' ? [canaryOfProd] : [canaryOfProd, canaryOfTest];
      return [pinning, [...new Set([...rows.map(({ id }) => id), ...names, ...canaries])]];
    }),
  );

  /** Of what an id or a name is, as Synqly finds it: anywhere. */
  const find = (segment: string): Stored | undefined => {
    for (const { find } of kinds) {
      const found = find(segment);
      if (found) return found;
    }
    return (tokens.all() as Stored[]).find(({ id, name }) => id === segment || name === segment);
  };
  const writeOf = ({ method, path, body }: FakeRequest): Write => {
    const fields = body === '' ? [] : fieldsSetBy(JSON.parse(body));
    // Of credentials alone the owner is a field that can be set.
    const whose = path.startsWith('/v1/credentials') ? /^\w*id$/ : /^(?:id|account_id|refresh_token_id)$/;
    const inPath = path.split('/').slice(3).map(decodeURIComponent);
    const named = [...inPath, ...fields.filter(([name]) => whose.test(name)).map(([, value]) => value)];
    return {
      told: `${method} ${path} ${body}`,
      named: inPath,
      accounts: named.flatMap((one) => {
        const row = typeof one === 'string' && one !== '' ? find(one) : undefined;
        return row ? (accountOfRow(row) ?? []) : [];
      }),
      leavesEnvironment:
        path.startsWith('/v1/accounts') &&
        fields.some(([name, value]) => name === 'environment' && value !== 'test'),
      leavesOwner:
        method === 'PATCH' &&
        fields.some(
          ([name]) => name === 'account_id' || (path.includes('credentials') && name.startsWith('owner_')),
        ),
    };
  };

  const writes: Write[] = [];
  const read = async ({ headers }: FakeRequest, path: string): Promise<FakeAnswer> => {
    const answer = await fetch(`${sandbox.baseUrl}${path}`, {
      headers: { authorization: headers.authorization ?? '' },
    });
    return { status: answer.status, text: await answer.text() };
  };
  /** The path with the true parent of what it ends in. */
  const truePath = (path: string): string => {
    const [, group = '', , child = '', rest = ''] =
      /^\/v1\/(credentials|bridges|integrations|status|tokens)\/([^/]+)\/([^/]+)(\/.*)?$/.exec(path) ?? [];
    const row = child && find(decodeURIComponent(child));
    if (!row) return path;
    const parent =
      row.owner_id ?? row.integration_id ?? row.account_id ?? collections.bridge.scopeOf(row.id) ?? '';
    return `/v1/${group}/${parent}/${child}${rest}`;
  };
  const lax = await startFakeSynqly(async (request) => {
    const { method, path, query, body } = request;
    const there = truePath(path);
    if (method === 'GET') {
      query.delete('filter');
      const all = there.replace(/^\/v1\/integrations\/[^/]+$/, '/v1/integrations');
      if (/^\/v1\/credentials\/[^/]+$/.test(all)) return { json: { result: collections.credential.all() } };
      return read(request, query.size > 0 ? `${all}?${query}` : all);
    }
    const write = writeOf(request);
    writes.push(write);
    // What reaches the other account is done, so that it is seen.
    if (write.accounts.some((account) => isForeign(account, 'environment'))) {
      const answer = await fetch(`${sandbox.baseUrl}${there}`, {
        method,
        headers: { authorization: request.headers.authorization ?? '', 'content-type': 'application/json' },
        ...(body !== '' && { body }),
      });
      return { status: answer.status, text: await answer.text() };
    }
    if (method === 'DELETE') return { status: 204 };
    if (method === 'POST') return { status: 201, json: { result: { id: 'made', name: 'made' } } };
    return read(request, there.replace(/^\/v1\/tokens\/(?:[^/]+\/)?([^/]+)\/\w+$/, '/v1/tokens/$1/info'));
  });

  return {
    sandbox,
    planted,
    baseUrl: lax.url,
    writes,
    isForeign,
    foreignIn: (text, args, pinning) => {
      const given = JSON.stringify(args ?? null);
      return (foreign[pinning] ?? []).filter((one) => text.includes(one) && !given.includes(one));
    },
    foreignPart: () => JSON.stringify(rowsOf((account) => isForeign(account, 'environment'))),
    close: async () => {
      lax.close();
      await sandbox.close();
    },
  };
}

/** The fields of its object that a body sets, or the steps of a patch, by names as a lenient reader would take them. */
function fieldsSetBy(body: unknown): readonly (readonly [name: string, value: unknown])[] {
  if (!Array.isArray(body)) return Object.entries(body ?? {});
  return body.flatMap(({ op, path, value }) => {
    if (op === 'test') return [];
    const name = String(path).normalize('NFKC').toLowerCase().replace(/^\//, '').trim();
    return name === '' ? fieldsSetBy(Array.isArray(value) ? {} : value) : [[name, value] as const];
  });
}

/** Every operation that pins leave and whose path names something of an account, as its pinRule tells. */
export function namingOperations(pinning: Pinning): readonly Operation[] {
  return catalogue.filter(
    ({ pinRule }) =>
      ['account', 'owner', 'found', 'token'].includes(pinRule.kind) && !isHiddenByPins(pinRule, pinning),
  );
}

/** Those whose path names an owner and a child of it. */
export const withOwnerAndChild: readonly Operation[] = namingOperations('environment').filter(
  ({ params }) => Object.keys(params).length > 1,
);

const provider_config = { type: 'siem_mock_siem' };
const rename = { patch: [{ op: 'add', path: '/fullname', value: 'Changed' }] };
const needed: Readonly<Record<string, Arguments>> = {
  bridges_create: { name: 'new' },
  credentials_create: { name: 'new', config: tokenConfig },
  credentials_update: { config: tokenConfig },
  integrations_create: { name: 'new', provider_config },
  integrations_verify: { provider_config },
  tokens_create_integration_token: { name: 'new' },
};

/** What an operation takes beside the ids in its path. */
export function bodyFor({ id, method, replacesWhole }: Operation): Arguments {
  return needed[id] ?? (method === 'PATCH' ? rename : replacesWhole ? { fullname: 'Changed' } : {});
}

/** Whether what stands in a path belongs together: a child of an account is none of its integration, and the other way round. */
function fits(
  { owner_id: owner, credential_id, refresh_token_id }: Arguments,
  place: Planted['inside'],
): boolean {
  if (owner === undefined) return true;
  const isOfIntegration = owner === place.integrationId || owner === place.integration;
  if (refresh_token_id !== undefined) return isOfIntegration;
  if (credential_id === undefined) return true;
  return isOfIntegration === (credential_id === place.integrationCredentialId);
}

/** What an argument may name of a planted place, by id and by name. */
function namesOf(argument: string, place: Planted['inside'], isWhole: boolean): readonly string[] {
  const accounts = [place.id, place.name];
  const integrations = [place.integrationId, place.integration];
  const all: Readonly<Record<string, readonly string[]>> = {
    account_id: accounts,
    owner_id: [...accounts, ...integrations],
    integration_id: integrations,
    bridge_id: [place.bridgeId, `${place.name}-bridge`],
    credential_id: [place.credentialId, `${place.name}-credential`, place.integrationCredentialId],
    refresh_token_id: [place.tokenId],
  };
  const names = all[argument];
  if (!names) throw new Error(`Nothing is planted that ${argument} could name.`);
  return isWhole ? names : names.filter((name) => !name.includes(place.name));
}

export interface Mix {
  readonly args: Arguments;
  /** Whether all that it names is of the own account, so that it may be sent. */
  readonly isOwn: boolean;
}

/**
 * Each mix of own and foreign ids, and also names where it is to be whole. Under an account pin each comes without the
 * argument that the pin takes away, and with it.
 */
export function everyMix(
  operation: Operation,
  { planted }: Mixed,
  pinning: Pinning,
  isWhole: boolean,
): readonly Mix[] {
  const withdrawn = pinnedArguments(operation.pinRule, pinning);
  const params = Object.keys(operation.params);
  const isIntegration = (name: unknown) =>
    [planted.inside, planted.outside].some((one) => name === one.integrationId || name === one.integration);
  const mixOf = (chosen: readonly string[]): readonly Mix[] =>
    chosen
      .reduce<readonly Mix[]>(
        (mixes, argument) =>
          mixes.flatMap(({ args, isOwn }) =>
            (['inside', 'outside'] as const).flatMap((side) =>
              namesOf(argument, planted[side], isWhole).map((name) => ({
                args: { ...args, [argument]: name },
                isOwn: isOwn && side === 'inside',
              })),
            ),
          ),
        [{ args: {}, isOwn: true }],
      )
      .map(({ args, isOwn }) => {
        const ofIntegration = operation.id === 'credentials_create' && isIntegration(args.owner_id);
        const more = ofIntegration ? { owner_type: 'integration' } : {};
        return {
          args: { ...args, ...bodyFor(operation), ...more },
          isOwn: isOwn && fits(args, planted.inside),
        };
      });
  const shown = params.filter((name) => !withdrawn.includes(name));
  if (shown.length === params.length) return mixOf(params);
  return [...mixOf(shown), ...mixOf(params).map(({ args }) => ({ args, isOwn: false }))];
}

/** Whether a mix holds an argument that the pins take away: it is refused by that alone. */
export function holdsWithdrawn({ pinRule }: Operation, args: Arguments, pinning: Pinning): boolean {
  return pinnedArguments(pinRule, pinning).some((name) => name in args);
}
