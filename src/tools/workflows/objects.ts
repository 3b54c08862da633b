import { CallError } from '../../errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { pathBefore } from './configuration-changes.ts';
import type { WorkflowRequest } from './define-workflow.ts';
import { objectOf, textOf } from './values.ts';

/** The types of objects whose changes can be listed. */
export const objectTypes = [
  'account',
  'integration',
  'credential',
  'bridge',
  'integration_point',
  'member',
  'role',
  'token',
  'webhook',
  'mapping',
] as const;

export type ObjectType = (typeof objectTypes)[number];

export const isType = (type: unknown): type is ObjectType => objectTypes.some((one) => one === type);

/** An object as the audit trail may name it. */
export interface ResolvedObject {
  readonly id: string | undefined;
  readonly name: string | undefined;
  /** Id and name, and whatever was given. */
  readonly names: readonly string[];
  /** How texts call it. */
  readonly label: string;
  /** Whether it exists, as far as can be read. */
  readonly isFound: boolean;
  /** The object as it is now. */
  readonly current: JsonObject | undefined;
  /** The beginnings of paths that may be about it. */
  readonly prefixes: readonly string[];
  /** Filters for the call that created it. */
  readonly created: readonly (readonly string[])[];
}

interface Place {
  /** The operation that gets it, and the argument for its id. */
  readonly get: readonly [operation: string, argument: string];
  /** Operations on other objects whose paths name it. */
  readonly alsoIn?: readonly string[];
  /** The operation that creates it, if its path has no parameters. */
  readonly creates?: string;
}

const places: Readonly<Record<ObjectType, Place>> = {
  account: { get: ['accounts_get', 'account_id'], creates: 'accounts_create' },
  integration: { get: ['integrations_get', 'integration_id'], alsoIn: ['credentials_get'] },
  credential: { get: ['credentials_lookup', 'credential_id'], alsoIn: ['credentials_get'] },
  bridge: { get: ['bridges_get', 'bridge_id'] },
  integration_point: {
    get: ['integrationPoints_get', 'integration_point_id'],
    creates: 'integrationPoints_create',
  },
  member: { get: ['members_get', 'member_id'], creates: 'members_create' },
  role: { get: ['roles_get', 'role_id'], creates: 'roles_create' },
  token: { get: ['tokens_get', 'refresh_token_id'], creates: 'tokens_create_token' },
  webhook: { get: ['organizationWebhooks_get', 'webhook_id'], creates: 'organizationWebhooks_create' },
  mapping: { get: ['mappings_get', 'mapping_id'], creates: 'mappings_create' },
};

/** Finds an object by its id or name. If it cannot be read, it is known by what was given. @throws CallError */
export async function resolveObject(
  given: string,
  type: ObjectType | undefined,
  request: WorkflowRequest,
): Promise<ResolvedObject> {
  const found = await readObject(given, type, request);
  const [id, name] = [textOf(found?.id), textOf(found?.name)];
  const { get, alsoIn = [], creates } = type === undefined ? {} : places[type];
  const accountOf = textOf(found?.account_id);
  return {
    id,
    name: name ?? (id === undefined ? given : undefined),
    names: [...new Set([given, id, name].filter((one) => one !== undefined))],
    label: [labelOf(type), name ?? given].join(' '),
    isFound: found !== undefined || type === undefined,
    current: found,
    prefixes: [...(get ? [get[0]] : []), ...alsoIn].map(pathBefore),
    created: [
      ...(creates === undefined ? [] : [[`path[eq]${pathBefore(creates)}`, 'method[eq]POST']]),
      ...(type === 'integration' && id !== undefined ? [[`integration_id[eq]${id}`, 'method[eq]POST']] : []),
      ...(type === 'bridge' && accountOf !== undefined
        ? [[`path[eq]${pathBefore('bridges_create')}${accountOf}`, 'method[eq]POST']]
        : []),
    ],
  };
}

/** `Integration point` */
function labelOf(type: ObjectType | undefined): string {
  const label = (type ?? 'object').replaceAll('_', ' ');
  return `${label.charAt(0).toUpperCase()}${label.slice(1)}`;
}

async function readObject(
  given: string,
  type: ObjectType | undefined,
  request: WorkflowRequest,
): Promise<JsonObject | undefined> {
  if (type === undefined) return undefined;
  const { args, getObject, getRows } = request;
  const [operation, argument] = places[type].get;
  const options = { mayBeMissing: true };
  if (type !== 'integration' && type !== 'bridge')
    return getObject(operation, { [argument]: given }, options);
  if (args.account_id !== undefined) {
    const found = await getObject(operation, { account_id: args.account_id, [argument]: given }, options);
    return found && { account_id: args.account_id, ...objectOf(found) };
  }
  if (type === 'bridge') return undefined;
  // Names of integrations are unique within their account only.
  const field = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(given) ? 'id' : 'name';
  const rows =
    (await getRows('integrations_list', { filter: [`${field}[eq]${given}`] }, { maxRows: 2 })) ?? [];
  if (rows.length < 2) return rows[0];
  throw new CallError('invalid_arguments', `Several accounts have an integration ${given}.`, {
    arguments: [{ argument: 'account_id', problem: 'is required to tell them apart' }],
  });
}
