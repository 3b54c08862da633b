/* The token service: issues secrets, identifies callers and revokes tokens (behaviour.md, section 9). */
import { createHash } from 'node:crypto';
import { formatDuration, hour } from './duration.ts';
import type { BaseState, Caller, Grant, Stored, TokenRequest, TokenService } from './model.ts';
import { conflict, notFound } from './problem.ts';

/** Default lifetimes in milliseconds. */
export const lifetimes = {
  /** Access secret and object of an organization's default token. Not documented; long, since servers use it. */
  organizationDefault: 8760 * hour,
  /** Access of an integration's default token. Not documented. */
  integrationDefault: 24 * hour,
  /** Object of ad hoc pairs, so that they can be refreshed. Not documented. */
  adhocObject: 720 * hour,
  /** Object of the pairs of a logon. Not documented. */
  logonObject: 24 * hour,
} as const;

type Slot = 'primary' | 'secondary';

interface TokenRecord {
  token: Stored;
  readonly order: TokenRequest;
}

interface Place {
  readonly id: string;
  readonly slot: Slot;
  readonly part: 'access' | 'refresh';
}

/** Creates the token service of a state. */
export function createTokenService(state: BaseState): TokenService {
  const records = new Map<string, TokenRecord>();
  const idsByOwner = new Map<string, Set<string>>();
  const places = new Map<string, Place>();

  const pairOf = (token: Stored, slot: Slot) =>
    token[slot] as Record<Place['part'], { secret: string }> | undefined;

  function getRecord(id: string): TokenRecord {
    const record = records.get(id);
    if (!record) throw notFound('token', id);
    return record;
  }

  function removeSecret({ token }: TokenRecord, slot: Slot): void {
    const pair = pairOf(token, slot);
    if (!pair) return;
    places.delete(digest(pair.access.secret));
    places.delete(digest(pair.refresh.secret));
  }

  function enter({ token }: TokenRecord, slot: Slot): void {
    const pair = pairOf(token, slot);
    if (!pair) return;
    places.set(digest(pair.access.secret), { id: token.id, slot, part: 'access' });
    places.set(digest(pair.refresh.secret), { id: token.id, slot, part: 'refresh' });
  }

  function makePair(id: string, order: TokenRequest, objectExpires: string): Record<Place['part'], unknown> {
    const permissions = describePermission(id, order, state);
    const claims = order.claims && { claims: order.claims };
    const ends = Math.min(state.now() + order.ttl, Date.parse(objectExpires));
    return {
      access: { secret: state.newSecret(), expires: new Date(ends).toISOString(), permissions, ...claims },
      refresh: { secret: state.newSecret(), expires: objectExpires, permissions, ...claims },
    };
  }

  function put(record: TokenRecord, changes: Record<string, unknown>): Stored {
    removeSecret(record, 'primary');
    removeSecret(record, 'secondary');
    const updated = Math.max(state.now(), Date.parse(record.token.updated_at) + 1);
    record.token = { ...record.token, ...changes, updated_at: new Date(updated).toISOString() };
    if (record.token.secondary === undefined) delete record.token.secondary;
    enter(record, 'primary');
    enter(record, 'secondary');
    return record.token;
  }

  function objectExpiry(order: TokenRequest): string {
    return new Date(state.now() + Math.max(order.lifetime, order.ttl)).toISOString();
  }

  function issue(order: TokenRequest): Stored {
    const named = state.newNamed({ name: order.name, fullname: order.fullname });
    refuseTakenName(named.name, order);
    const expires = objectExpiry(order);
    const token: Stored = {
      ...named,
      ...(order.memberId && { member_id: order.memberId }),
      owner_id: order.owner.id,
      owner_type: order.owner.type,
      expires,
      token_ttl: formatDuration(order.ttl),
      token_type: order.type,
      primary: makePair(named.id, order, expires),
    };
    const record = { token, order };
    records.set(token.id, record);
    idsByOwner.set(order.owner.id, (idsByOwner.get(order.owner.id) ?? new Set()).add(token.id));
    enter(record, 'primary');
    return token;
  }

  function refuseTakenName(name: string, { owner }: TokenRequest): void {
    const taken = find(name, owner.id);
    if (!taken) return;
    throw conflict(`The name "${name}" is already in use.`, {
      detail: 'Another token of the same owner has it; case makes no difference.',
      remediation: 'Choose another name, or delete the token that has it.',
      parameter: { id: '/name', location: 'body', value: name },
      resources: [{ type: 'token', id: taken.id, rel: 'cause' }],
    });
  }

  function listed(ids: Iterable<string>): Stored[] {
    return [...ids].flatMap((id) => {
      const record = records.get(id);
      return record && record.order.kind !== 'mcp' ? [record.token] : [];
    });
  }

  function find(idOrName: string, ownerId?: string): Stored | undefined {
    const name = idOrName.toLowerCase();
    const candidates = listed(ownerId === undefined ? records.keys() : (idsByOwner.get(ownerId) ?? []));
    return (
      candidates.find((token) => token.id === idOrName) ??
      candidates.find((token) => token.name.toLowerCase() === name)
    );
  }

  function remove(id: string): void {
    const record = records.get(id);
    if (!record) return;
    removeSecret(record, 'primary');
    removeSecret(record, 'secondary');
    records.delete(id);
    idsByOwner.get(record.order.owner.id)?.delete(id);
  }

  return {
    issue,
    remove,
    all: () => listed(records.keys()),
    issueDefault: ({ id, type, name }) =>
      issue({
        kind: type,
        type: 'default',
        owner: { id, type },
        name: `${name}-default`,
        ttl: type === 'organization' ? lifetimes.organizationDefault : lifetimes.integrationDefault,
        lifetime: lifetimes.organizationDefault,
        rights: { permissionSet: type === 'organization' ? 'administrator' : 'mcp-integrations-use-only' },
      }),
    removeOf: (ownerOrMemberId) => {
      for (const { token } of [...records.values()]) {
        if (token.owner_id === ownerOrMemberId || token.member_id === ownerOrMemberId) remove(token.id);
      }
    },
    identify: (secret) => {
      const place = places.get(digest(secret));
      const record = place && records.get(place.id);
      const kept =
        record && (pairOf(record.token, place.slot) as Record<string, { expires: string }> | undefined);
      if (!kept) return undefined;
      const expired = Date.parse(kept[place.part]?.expires ?? '') <= state.now();
      return { caller: toCaller(record, place, state), expired };
    },
    get: (idOrName, ownerId) => {
      const found = find(idOrName, ownerId);
      if (!found) throw notFound('token', idOrName);
      return found;
    },
    rotate: (id) => {
      const record = getRecord(id);
      const { token, order } = record;
      return put(record, { secondary: token.primary, primary: makePair(id, order, token.expires as string) });
    },
    reset: (id) => {
      const record = getRecord(id);
      const expires = objectExpiry(record.order);
      return put(record, { expires, primary: makePair(id, record.order, expires), secondary: undefined });
    },
    removeSecondary: (id) => {
      const record = getRecord(id);
      if (!record.token.secondary) throw notFound('secondary token pair', id);
      put(record, { secondary: undefined });
    },
  };
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}

function toCaller({ token, order }: TokenRecord, place: Place, state: BaseState): Caller {
  return {
    tokenId: token.id,
    memberId: order.memberId ?? '',
    kind: order.kind,
    withRefreshSecret: place.part === 'refresh',
    grants: 'roles' in order.rights ? grantsOfRoles(order.rights.roles, state) : [order.rights],
  };
}

/** The current grants of roles. A deleted role grants nothing. */
export function grantsOfRoles(roles: readonly string[], state: BaseState): Grant[] {
  return roles.flatMap((name) => {
    const role = state.collections.role.find(name);
    if (!role) return [];
    return [
      { permissionSet: role.permission_set as string, resources: role.resources as Grant['resources'] },
    ];
  });
}

/** The current grants of a token object, from its own fields. */
export function grantsOfToken(token: Stored, state: BaseState): Grant[] {
  const { access } = token.primary as {
    access: {
      permissions: {
        role_binding?: readonly string[];
        adhoc_role?: { permission_set: string; resources: NonNullable<Grant['resources']> };
      };
    };
  };
  const { role_binding: roles = [], adhoc_role: own } = access.permissions;
  return own
    ? [{ permissionSet: own.permission_set, resources: own.resources }]
    : grantsOfRoles(roles, state);
}

// Schema Permission.
function describePermission(id: string, order: TokenRequest, state: BaseState): Record<string, unknown> {
  const { rights } = order;
  return {
    ...('roles' in rights
      ? { role_binding: rights.roles }
      : { adhoc_role: { resources: rights.resources ?? {}, permission_set: rights.permissionSet } }),
    resource_id: order.owner.id,
    resource_type: order.owner.type,
    parent_id: order.parentId ?? order.owner.id,
    id,
    organization_id: state.organization.id,
    member_id: order.memberId ?? order.parentId ?? order.owner.id,
  };
}
