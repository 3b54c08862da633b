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
  /** Undefined if none was given, and no object was found. */
  readonly type: ObjectType | undefined;
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

/**
 * Finds an object by its id or name, of a type if one is given. If it cannot be read, it is known by what was given.
 *
 * @throws CallError
 */
export async function resolveObject(
  given: string,
  givenType: ObjectType | undefined,
  request: WorkflowRequest,
): Promise<ResolvedObject> {
  const { type, found } =
    givenType === undefined
      ? await findOfAnyType(given, request)
      : { type: givenType, found: await readObject(given, givenType, request) };
  const id = textOf(found?.id);
  const name = isOfAnother(found?.name, given, id) ? undefined : textOf(found?.name);
  const { get, alsoIn = [], creates } = type === undefined ? {} : places[type];
  const accountOf = textOf(found?.account_id);
  return {
    type,
    id,
    name: name ?? (id === undefined ? given : undefined),
    names: [...new Set([given, id, name].filter((one) => one !== undefined))],
    label: [labelOf(type), name ?? given].join(' '),
    isFound: found !== undefined,
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

/** An id as the API makes them. */
const uuid = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i;

/** Whether a name looks like an id, which paths then mean: that of another object. */
const isOfAnother = (name: unknown, given: string, id: string | undefined) =>
  uuid.test(String(name)) && name !== given && name !== id;

/** The object of any type with this id or name. @throws CallError `invalid_arguments` if there are several */
async function findOfAnyType(
  given: string,
  request: WorkflowRequest,
): Promise<{ readonly type: ObjectType | undefined; readonly found: JsonObject | undefined }> {
  const readable = objectTypes.filter((type) => request.isAvailable(places[type].get[0]));
  const all = await Promise.all(
    readable.map(async (type) => ({ type, found: await readObject(given, type, request) })),
  );
  const [one, ...others] = all.filter(({ found }) => found !== undefined);
  if (one && others.length > 0) {
    const types = [one, ...others].map(({ type }) => type);
    throw new CallError('invalid_arguments', `Several objects are called ${given}.`, {
      arguments: [{ argument: 'type', problem: `is required to tell them apart: ${types.join(', ')}` }],
    });
  }
  if (one) return one;
  // The result then names the types of which nothing could be read.
  const hidden = objectTypes.filter((type) => !readable.includes(type));
  await Promise.all(hidden.map((type) => readObject(given, type, request)));
  return { type: undefined, found: undefined };
}

/** The type of the objects that a path is about; undefined if it is about none of them. */
export function typeOfPath(path: string): ObjectType | undefined {
  return objectTypes.find((type) => path.startsWith(pathBefore(places[type].get[0])));
}

/** What no path can hold as an id or name. */
const unreadable = /[/\\\p{Cc}]|^\.{1,2}$/u;

/** `integration point` */
export const describeType = (type: ObjectType | undefined): string => (type ?? 'object').replaceAll('_', ' ');

/** `Integration point` */
function labelOf(type: ObjectType | undefined): string {
  const label = describeType(type);
  return `${label.charAt(0).toUpperCase()}${label.slice(1)}`;
}

async function readObject(
  given: string,
  type: ObjectType,
  request: WorkflowRequest,
): Promise<JsonObject | undefined> {
  if (unreadable.test(given)) return undefined;
  const { args, getObject, getRows } = request;
  const [operation, argument] = places[type].get;
  const options = { mayBeMissing: true };
  if (type !== 'integration' && type !== 'bridge')
    return getObject(operation, { [argument]: given }, options);
  if (args.account_id !== undefined) {
    const found = await getObject(operation, { account_id: args.account_id, [argument]: given }, options);
    return found && { account_id: args.account_id, ...objectOf(found) };
  }
  if (type === 'bridge') {
    if (args.type === type) request.noteNotRead(operation, 'the call needs account_id');
    return undefined;
  }
  // Names of integrations are unique within their account only.
  const field = uuid.test(given) ? 'id' : 'name';
  const rows =
    (await getRows('integrations_list', { filter: [`${field}[eq]${given}`] }, { maxRows: 2 })) ?? [];
  if (rows.length < 2) return rows[0];
  throw new CallError('invalid_arguments', `Several accounts have an integration ${given}.`, {
    arguments: [{ argument: 'account_id', problem: 'is required to tell them apart' }],
  });
}
