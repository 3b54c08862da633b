import type { JsonObject } from '../../lib/json.ts';
import type { WorkflowTable } from './define-workflow.ts';
import { referencesIn } from './integration-details.ts';
import { permissionsOf, reachOf } from './resources.ts';
import { nameOf, objectOf, textOf, timeOf, toMinute } from './values.ts';

/** What belongs to one integration. */
export interface Parts {
  /** Undefined if they could not be read. */
  readonly credentials: Rows;
  readonly token: JsonObject | undefined;
}

type Rows = readonly JsonObject[] | undefined;

/** All that was read of an account; lists are undefined if they could not be read. */
export interface AccountParts {
  readonly account: JsonObject;
  readonly integrations: readonly JsonObject[];
  readonly statuses: Rows;
  readonly credentials: Rows;
  readonly bridges: Rows;
  /** The state of each bridge, by its id. */
  readonly states: ReadonlyMap<string, string>;
  readonly roles: Rows;
  readonly points: Rows;
  readonly tokens: Rows;
  readonly parts: readonly Parts[];
}

/** The credentials of the account and of its integrations. */
export function credentialTable(
  { integrations, credentials, parts }: AccountParts,
  now: number,
): WorkflowTable {
  const usedBy = (credential: JsonObject) =>
    integrations
      .filter((one) => {
        const used = referencesIn(one.provider_config);
        return used.includes(String(credential.id)) || used.includes(String(credential.name));
      })
      .map(({ name }) => name)
      .join(', ');
  const row = (owner: string, credential: JsonObject): JsonObject => ({
    credential: credential.name,
    owner,
    type: objectOf(credential.config).type,
    expires: expiryOf(credential, now),
    used_by: usedBy(credential) || 'no integration',
  });
  return {
    columns: ['credential', 'owner', 'type', 'expires', 'used_by'],
    rows: [
      ...(credentials ?? []).map((credential) => row('account', credential)),
      ...parts.flatMap((one, index) =>
        (one.credentials ?? []).map((credential) => row(nameOf(objectOf(integrations[index])), credential)),
      ),
    ],
  };
}

/** When something expires or has expired; undefined if it does not. */
function expiryOf({ expires }: JsonObject, now: number): string | undefined {
  const time = timeOf(expires);
  if (time === undefined) return undefined;
  return time <= now ? `expired ${toMinute(time)}` : toMinute(time);
}

/** The bridges with their states. */
export function bridgeTable({ bridges, states }: AccountParts): WorkflowTable {
  const rows = (bridges ?? []).map(({ id, name, labels }) => ({
    bridge: name,
    state: states.get(String(id)),
    labels,
  }));
  return { columns: ['bridge', 'state', 'labels'], rows };
}

/** The tokens of the integrations, and those of the organization that name the account. */
export function tokenTable(
  { account, integrations, parts, tokens }: AccountParts,
  now: number,
): WorkflowTable {
  const own = parts.flatMap(({ token }, index): JsonObject[] =>
    token ? [{ token: token.name, owner: integrations[index]?.name, expires: expiryOf(token, now) }] : [],
  );
  const naming = (tokens ?? []).flatMap((token): JsonObject[] => {
    const { permission_set, resources } = objectOf(permissionsOf(token).adhoc_role);
    if (reachOf(resources, account) !== 'named') return [];
    return [{ token: token.name, owner: 'organization', permission_set, expires: expiryOf(token, now) }];
  });
  return { columns: ['token', 'owner', 'permission_set', 'expires'], rows: [...own, ...naming] };
}

/** The roles that reach the account. */
export function roleTable({ account, roles }: AccountParts): WorkflowTable {
  const rows = (roles ?? []).flatMap(({ name, permission_set, resources }): JsonObject[] => {
    const reach = reachOf(resources, account);
    return reach === undefined ? [] : [{ role: name, permission_set, reach }];
  });
  return { columns: ['role', 'permission_set', 'reach'], rows };
}

/** The integration points that the account's integrations use. */
export function pointTable({ account, integrations, points }: AccountParts): WorkflowTable {
  const environment = textOf(account.environment) ?? 'prod';
  const rows = (points ?? []).flatMap(({ id, name, environments }): JsonObject[] => {
    const users = integrations.filter(({ integration_point_id }) => integration_point_id === id);
    if (users.length === 0) return [];
    return [
      {
        integration_point: name,
        integrations: users.map((one) => one.name).join(', '),
        allowed_providers: objectOf(environments)[environment],
      },
    ];
  });
  return { columns: ['integration_point', 'integrations', 'allowed_providers'], rows };
}
