import { CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import { getOrganization, resultOf, type Send } from '../../synqly/endpoints.ts';
import { findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { valueAtSteps } from '../batch/paths.ts';
import { hasIdOrName } from '../pins/lookup.ts';
import { setAt } from '../secrets/resolve.ts';
import { prepareRequest } from './build-request.ts';
import type { Limits } from './deadline.ts';

/*
 * Synqly takes a name in place of an id in paths. For bodies that is not documented: a name among the accounts of a token
 * might match none, or an account that gets the name later. So names in bodies are replaced by ids before a call is shown or
 * sent.
 */

/** A field of a body that holds the id of an object. */
interface IdField {
  readonly path: readonly string[];
  readonly kind: keyof typeof kinds;
}

/** How an object of a kind is looked up, and which list shows them. */
const kinds = {
  account: { read: 'accounts_get', by: 'account_id', list: 'accounts_list' },
  organization: { read: 'subOrgs_get', by: 'organization_id', list: 'subOrgs_list' },
  'integration point': {
    read: 'integrationPoints_get',
    by: 'integration_point_id',
    list: 'integrationPoints_list',
  },
  bridge: { read: 'bridges_get', by: 'bridge_id', list: 'bridges_list' },
  credential: { read: 'credentials_get', by: 'credential_id', list: 'credentials_list' },
} as const;

/** Synqly's ids are UUIDs. They need no lookup. */
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * The arguments with names in the body replaced by ids.
 *
 * @throws CallError `not_found` for a name without an object, `forbidden` if it may not be looked up
 */
export async function withIdsInBody(
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<Arguments> {
  const fields = findIdFields(operation, args).filter(({ path, kind }) => {
    // With pins, what belongs to the organization is not looked up, so that nothing shows whether it exists.
    if (context.pins && kind !== 'bridge') return false;
    const value = valueAtSteps(args, path);
    return typeof value === 'string' && value !== '*' && !uuid.test(value);
  });
  if (fields.length === 0) return args;
  const send: Send = (request) => context.send({ ...request, ...limits });
  let resolved: Arguments = args;
  for (const field of fields) {
    const id = await idOf(String(valueAtSteps(args, field.path)), field, args, send);
    resolved = setAt(resolved, field.path, id) as Arguments;
  }
  return resolved;
}

/** Which fields of bodies hold ids, as paths from the body. A text selects a bridge by its id, a list by its labels. */
const kindsByPath: readonly (readonly [path: RegExp, kind: IdField['kind']])[] = [
  [/^resources\/accounts\/ids\/(?:\d+|-)$/, 'account'],
  [/^resources\/organizations\/ids\/(?:\d+|-)$/, 'organization'],
  [/^scope\/account_id$/, 'account'],
  [/^integration_point_id$/, 'integration point'],
  [/^bridge_selector\/value$/, 'bridge'],
  [/^credential_id$/, 'credential'],
];
const roots: ReadonlySet<string> = new Set(kindsByPath.map(([{ source }]) => /\w+/.exec(source)?.[0] ?? ''));

/** The fields of the body of a call that hold ids, also as values of a patch. */
function findIdFields({ body = {}, method }: Operation, args: Arguments): readonly IdField[] {
  if (method !== 'PATCH')
    return Object.keys(body).flatMap((name) => fieldsWithin(args[name], [name], [name]));
  const steps = Array.isArray(args.patch) ? args.patch : [];
  return steps.flatMap((step, index) => {
    if (!isJsonObject(step) || typeof step.path !== 'string') return [];
    return fieldsWithin(step.value, step.path.split('/').slice(1), ['patch', String(index), 'value']);
  });
}

/** The fields within a value: `inBody` is its path in the body, `path` its path in the arguments. */
function fieldsWithin(value: unknown, inBody: readonly string[], path: readonly string[]): IdField[] {
  if (!roots.has(inBody[0] ?? '')) return [];
  if (typeof value === 'string') {
    const [, kind] = kindsByPath.find(([pattern]) => pattern.test(inBody.join('/'))) ?? [];
    return kind ? [{ path, kind }] : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => fieldsWithin(part, [...inBody, key], [...path, key]));
}

/** @throws CallError */
async function idOf(name: string, { path, kind }: IdField, args: Arguments, send: Send): Promise<string> {
  try {
    const found = (await ownOrganization(name, kind, send)) ?? (await readByName(name, kind, args, send));
    if (isJsonObject(found) && typeof found.id === 'string' && hasIdOrName(found, name)) return found.id;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (error.code === 'forbidden')
      throw refused('forbidden', 'is a name, which the token may not look up', path, kind);
    if (error.code !== 'not_found' && error.code !== 'invalid_arguments') throw error;
  }
  throw refused(
    'not_found',
    `is neither the id nor the name of ${/^[aio]/.test(kind) ? 'an' : 'a'} ${kind} that can be seen`,
    path,
    kind,
  );
}

async function readByName(
  name: string,
  kind: IdField['kind'],
  args: Arguments,
  send: Send,
): Promise<unknown> {
  const { read, by } = kinds[kind];
  const operation = findOperation(read) as Operation;
  const { method, path, repeatable } = prepareRequest(operation, {
    ...args,
    // The credential of a webhook, which is the only one that a body names by its id alone.
    owner_id: args.webhook_id,
    [by]: name,
  });
  return resultOf((await send({ method, path, repeatable })).body);
}

/** The token's own organization, which is not among its sub-organizations. */
async function ownOrganization(
  name: string,
  kind: IdField['kind'],
  send: Send,
): Promise<JsonObject | undefined> {
  if (kind !== 'organization') return undefined;
  const own = await getOrganization(send);
  return own && hasIdOrName(own, name) ? own : undefined;
}

function refused(
  code: 'not_found' | 'forbidden',
  problem: string,
  path: IdField['path'],
  kind: IdField['kind'],
): CallError {
  const argument = path.join('.');
  return new CallError(code, `${argument} ${problem}.`, {
    arguments: [{ argument, problem }],
    remediation: `Nothing was sent. Give an id, or a name that ${kinds[kind].list} shows.`,
  });
}
