import { catalogue } from '../../src/tools/catalogue.ts';
import type { Operation } from '../../src/tools/define-operation.ts';
import { type FakeRequest, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { type Planted, tokenConfig } from './pins-support.ts';
import type { Rig } from './support.ts';

type Arguments = Record<string, unknown>;

/** Where in a path a child stands below its parent. */
const belowParent = /^\/v1\/(credentials|bridges|integrations|status|tokens)\/([^/]+)\/([^/]+)(\/.*)?$/;

/** A Synqly that finds a child by its own id or name, whatever parent its path names. */
export function startWithoutParents(rig: Rig): Promise<FakeSynqly> {
  const { baseUrl, state } = rig.sandbox;
  const parentOf = (child: string): string | undefined => {
    const isIt = ({ id, name }: { id: string; name?: unknown }) => id === child || name === child;
    const credential = state.collections.credential.all().find(isIt);
    if (credential) return String(credential.integration_id ?? credential.account_id);
    const integration = state.collections.integration.all().find(isIt);
    if (integration) return String(integration.account_id);
    const bridge = state.collections.bridge.all().find(isIt);
    if (bridge) return state.collections.bridge.scopeOf(bridge.id);
    const token = state.tokens.all().find(isIt);
    return token && String(token.owner_id);
  };
  return startFakeSynqly(async ({ method, path, query, headers, body }: FakeRequest) => {
    const [, group, , child = '', rest = ''] = belowParent.exec(path) ?? [];
    const parent = group && parentOf(decodeURIComponent(child));
    if (!parent) return undefined;
    const search = query.size > 0 ? `?${query}` : '';
    const answer = await fetch(`${baseUrl}/v1/${group}/${parent}/${child}${rest}${search}`, {
      method,
      headers: { authorization: headers.authorization ?? '', 'content-type': 'application/json' },
      ...(body !== '' && { body }),
    });
    return { status: answer.status, text: await answer.text() };
  }, baseUrl);
}

const childNames = ['credential_id', 'bridge_id', 'integration_id', 'refresh_token_id'];

/** Every operation whose path names an owner and a child of it. */
export const withParent: readonly Operation[] = catalogue.filter(({ params }) => {
  const names = Object.keys(params);
  return names.some((name) => childNames.includes(name)) && names.length > 1;
});

const bodies: Readonly<Record<string, Arguments>> = {
  credentials_update: { config: tokenConfig },
  integrations_update: { fullname: 'Changed' },
  bridges_update: { fullname: 'Changed' },
};
const rename = { patch: [{ op: 'add', path: '/fullname', value: 'Changed' }] };

export interface ParentCall {
  readonly args: Arguments;
  /** Whether nothing that it names is of the other account. */
  readonly isOwn: boolean;
}

/** Each mix of own and foreign owners and children, by id and by name. */
export function mixesOf({ id, params, method }: Operation, planted: Planted): readonly ParentCall[] {
  const { inside, outside } = planted;
  const child = childNames.find((name) => name in params) as string;
  const owner = Object.keys(params).find((name) => name !== child) as string;
  const childrenOf = (place: Planted['inside']): readonly string[] =>
    ({
      credential_id: [place.credentialId, `${place.name}-credential`, place.integrationCredentialId],
      bridge_id: [place.bridgeId, `${place.name}-bridge`],
      integration_id: [place.integrationId, place.integration],
      refresh_token_id: [place.tokenId],
    })[child] ?? [];
  const ownersOf = (place: Planted['inside']) => {
    const accounts = [place.id, place.name];
    return owner === 'account_id' ? accounts : [...accounts, place.integrationId, place.integration];
  };
  const of = (place: Planted['inside']) => ({ owners: ownersOf(place), children: childrenOf(place) });
  const [own, foreign] = [of(inside), of(outside)];
  return [...own.owners, ...foreign.owners].flatMap((named) =>
    [...own.children, ...foreign.children].map((part) => ({
      args: { [owner]: named, [child]: part, ...(method === 'PATCH' ? rename : bodies[id]) },
      isOwn: own.owners.includes(named) && own.children.includes(part),
    })),
  );
}

/** All that the sandbox holds of the other account. */
export function foreignPart({ sandbox: { state } }: Rig, { outside }: Planted): string {
  const foreign = [outside.id, outside.integrationId];
  const rows = [...Object.values(state.collections).flatMap(({ all }) => all()), ...state.tokens.all()];
  return JSON.stringify(rows.filter((row) => foreign.some((id) => JSON.stringify(row).includes(id))));
}

/** Requests that change something and name the other account or a part of it. */
export function sentToForeign(requests: readonly FakeRequest[], { outside }: Planted): readonly string[] {
  const names = Object.values(outside);
  const isForeign = (text: string) => names.some((name) => text.includes(name));
  return requests
    .filter(({ method, path, body }) => method !== 'GET' && isForeign(decodeURIComponent(path) + body))
    .map(({ method, path }) => `${method} ${path}`);
}
