import { createHash, timingSafeEqual } from 'node:crypto';
import { CallError } from '../errors.ts';
import { StopController, type StopSignal } from '../lib/cancellation.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import type { SynqlyClient } from '../synqly/client.ts';
import { getPermissionSet, getRole, listTokens, type Send } from '../synqly/endpoints.ts';
import { readPages } from '../synqly/pages.ts';
import type { TokenPermissions } from './permissions.ts';

/** Maximum tokens searched for the caller's own. */
const maxTokens = 299;

/**
 * A token's permissions; `unavailable` when Synqly does not show them to this token; `failed` when the request
 * failed and may succeed later.
 */
export type PermissionsResult = TokenPermissions | 'unavailable' | 'failed';

/** 4xx statuses that do not mean that the token lacks permission. */
const otherStatuses: ReadonlySet<number> = new Set([401, 408, 425, 429]);

/**
 * Reads a token's permissions: finds the token among its owner's tokens by its secret, and reads the permission
 * sets of its roles. Never throws.
 *
 * @param send sends requests with that token
 */
export async function learnPermissions(bearer: string, send: Send): Promise<PermissionsResult> {
  try {
    const own = await findOwn(send, digest(bearer));
    return (own && (await permissionsOf(own, send))) ?? 'unavailable';
  } catch (error) {
    return isRefusal(error) ? 'unavailable' : 'failed';
  }
}

/** Whether an error means that the token may not read this, or that the response has an unknown form. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof CallError)) return true;
  // A role whose name cannot stand in a path.
  if (error.code === 'invalid_arguments') return true;
  const { status } = error.details;
  return status !== undefined && status >= 400 && status < 500 && !otherStatuses.has(status);
}

/** Limits of a read of permissions. */
export interface LearnLimits {
  /** Milliseconds. */
  readonly timeout: number;
  /** Stops the read. */
  readonly stopped: StopSignal;
}

/** `learnPermissions` with a timeout. A read that is stopped or times out has failed. Never throws. */
export async function learnPermissionsWithin(
  { timeout, stopped }: LearnLimits,
  client: Pick<SynqlyClient, 'request'>,
  bearer: string,
): Promise<PermissionsResult> {
  const signal = new StopController();
  const stop = () => signal.stop(new Error('The read of the permissions was stopped.'));
  if (stopped.aborted) stop();
  stopped.addEventListener('abort', stop);
  const timer = setTimeout(stop, timeout).unref();
  const deadline = Date.now() + timeout;
  const learnt = await learnPermissions(bearer, (request) =>
    client.request({ ...request, signal, deadline }, bearer),
  );
  clearTimeout(timer);
  stopped.removeEventListener('abort', stop);
  return signal.aborted ? 'failed' : learnt;
}

interface Own {
  /** The object that the token belongs to. */
  readonly object: JsonObject;
  /** The token itself, with its permissions. */
  readonly token: JsonObject;
}

async function findOwn(send: Send, wanted: Buffer): Promise<Own | undefined> {
  let own: Own | undefined;
  await readPages({
    fields: ['name'],
    unique: true,
    wanted: maxTokens,
    read: async (query) => {
      const listed = await listTokens(send, { ...query });
      if (!listed) throw new Error('There is no list.');
      own ??= listed.filter(isJsonObject).flatMap((object) => ownAmong(object, wanted) ?? [])[0];
      return { items: listed };
    },
    onPage: () => own !== undefined,
  });
  return own;
}

function ownAmong(object: JsonObject, wanted: Buffer): Own | undefined {
  const token = [object.primary, object.secondary]
    .map((pair) => (isJsonObject(pair) ? pair.access : undefined))
    .filter(isJsonObject)
    .find((access) => isEqual(access.secret, wanted));
  return token && { object, token };
}

const digest = (secret: string) => createHash('sha256').update(secret).digest();

function isEqual(secret: unknown, wanted: Buffer): boolean {
  return typeof secret === 'string' && timingSafeEqual(digest(secret), wanted);
}

async function permissionsOf({ object, token }: Own, send: Send): Promise<TokenPermissions | undefined> {
  const permissions = isJsonObject(token.permissions) ? token.permissions : {};
  const { role_binding: bound, adhoc_role: adhoc } = permissions;
  const roles = Array.isArray(bound) ? bound.filter((role) => typeof role === 'string') : [];
  // An ad hoc role can only restrict what the token's roles allow.
  const named = isJsonObject(adhoc)
    ? [adhoc.permission_set]
    : await Promise.all(roles.map((role) => permissionSetOf(role, send)));
  if (named.length === 0 || !named.every((name) => typeof name === 'string')) return undefined;
  const permissionSets = [...new Set(named)];
  const actions = await Promise.all(permissionSets.map((name) => actionsOf(name, send)));
  return {
    organization: textOf(permissions.organization_id),
    token: {
      name: textOf(object.name),
      type: textOf(object.token_type),
      expires: textOf(token.expires),
    },
    roles,
    permissionSets,
    resources: isJsonObject(adhoc) && isJsonObject(adhoc.resources) ? adhoc.resources : undefined,
    actions,
  };
}

async function permissionSetOf(role: string, send: Send): Promise<unknown> {
  return (await getRole(send, role))?.permission_set;
}

/** @throws Error when the response has an unknown form: then the permissions are unknown */
async function actionsOf(name: string, send: Send): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = await getPermissionSet(send, name);
  if (!isJsonObject(found?.permissions)) throw new Error('There are no permissions.');
  const allowed = Object.entries(found.permissions).flatMap(([api, part]) => {
    const actions = isJsonObject(part) ? part.actions : undefined;
    return Array.isArray(actions) ? [[api, new Set<string>(actions.map(String))] as const] : [];
  });
  if (allowed.length === 0) throw new Error('There are no actions.');
  return new Map(allowed);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
