import { learnPermissions, type PermissionsResult } from '../access/learn-permissions.ts';
import type { TokenPermissions } from '../access/permissions.ts';
import { type HiddenReason, hiddenReason, isInToolsetFilter, type View } from '../access/visibility.ts';
import { CallError, dropUndefined } from '../errors.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import type { JsonObject } from '../lib/json.ts';
import type { RequestContext } from '../request-context.ts';
import { getOrganization, type Send } from '../synqly/endpoints.ts';
import { publishedTools } from '../tools/published.ts';
import { toolIndex } from '../tools/tool-index.ts';
import { type Limits, withDeadline } from './execute/deadline.ts';

/** The result of `whoami`: the caller, its limits, and which operations are left out and why. @throws CallError */
export function describeAccess(context: RequestContext, cancelled: StopSignal): Promise<JsonObject> {
  return withDeadline(context.timeout, cancelled, (limits) => describe(context, limits));
}

/** Milliseconds to learn the token's permissions. After that, the result is returned without them. */
const learnTimeoutMs = 2_000;

async function describe(context: RequestContext, limits: Limits): Promise<JsonObject> {
  const { pins, policy, caller } = context;
  const reading =
    pins || !isInToolsetFilter('organization_get', policy)
      ? undefined
      : describeOrganization(sendWith(context, limits));
  // The token of a new connection is known after its first request.
  if ([...context.knownTokens].length === 0) await reading;
  const [organization, learnt] = await Promise.all([
    reading,
    settledPermissions(context) ?? learnCurrentPermissions(context, limits),
  ]);
  const view = { pins, policy, permissions: context.permissions?.current };
  const visible = publishedTools.filter(({ name }) => hiddenReason(name, view) === undefined).length;
  const leftOut = describeHiddenOperations(view);
  return dropUndefined({
    organization,
    sandbox: context.sandbox || undefined,
    caller,
    token: describeToken(learnt, context),
    pinned_to: pins && dropUndefined({ ...pins }),
    read_only: policy.readOnly,
    confirm: policy.confirm,
    operations: visible,
    left_out: leftOut,
    marks: leftOut?.some(({ operations }) => String(operations).includes('!'))
      ? '! behind a name: it deletes, resets or revokes, for good.'
      : undefined,
  });
}

function sendWith(context: RequestContext, limits: Limits): Send {
  return (request) => context.send({ ...request, ...limits });
}

/** The permissions that this process has read. Stored ones may be a day old, and name neither token nor roles. */
function settledPermissions({ permissions }: RequestContext): TokenPermissions | undefined {
  return permissions?.isSettled ? permissions.current : undefined;
}

/** Learns the permissions of the token in use. */
async function learnCurrentPermissions(
  context: RequestContext,
  { signal }: Limits,
): Promise<PermissionsResult> {
  const bearer = [...context.knownTokens].at(-1);
  if (bearer === undefined) return 'failed';
  const within = Math.min(learnTimeoutMs, context.timeout);
  return withDeadline(within, signal, (limits) => learnPermissions(bearer, sendWith(context, limits))).catch(
    () => 'failed' as const,
  );
}

async function describeOrganization(send: Send): Promise<unknown> {
  try {
    const found = await getOrganization(send);
    if (!found) return 'not returned by Synqly';
    const { id, name, fullname, state } = found;
    return dropUndefined({ id, name, fullname, state });
  } catch (error) {
    if (error instanceof CallError && error.code === 'forbidden') return 'not readable with this token';
    throw error;
  }
}

/** With pins, the name and resources of the server's own token are left out. */
function describeToken(
  permissions: PermissionsResult,
  { pins, permissions: source }: RequestContext,
): unknown {
  if (permissions === 'failed') {
    const hidden = source?.current
      ? 'Tools are hidden by the permissions that were read earlier'
      : 'No tool is hidden because of them';
    return `The permissions of the token could not be read, since Synqly did not answer: try again. ${hidden}, and Synqly checks each call.`;
  }
  if (permissions === 'unavailable') {
    return 'The permissions of the token are unknown (it may not list tokens, or Synqly does not return them): no tool is hidden because of them, and Synqly checks each call.';
  }
  return dropUndefined({
    name: pins ? undefined : permissions.token.name,
    expires: permissions.token.expires,
    roles: permissions.roles.length > 0 ? permissions.roles : undefined,
    permission_sets: permissions.permissionSets,
    resources: pins ? undefined : permissions.resources,
  });
}

function describeHiddenOperations(view: View): readonly JsonObject[] | undefined {
  const reasons: Readonly<Record<HiddenReason, string>> = {
    pins: 'They affect more than this server is pinned to.',
    selection: 'The administrator, or the client, has not selected them (toolsets, allow, deny).',
    read_only: 'They are not reads, and this server is read-only.',
    permissions: 'The permission sets of the token (token.permission_sets) do not allow them.',
  };
  const reasonsShown = Object.entries(reasons).flatMap(([reason, why]) => {
    const tools = publishedTools.filter(({ name }) => hiddenReason(name, view) === reason);
    return tools.length === 0 ? [] : [{ why, count: tools.length, operations: toolIndex(tools) }];
  });
  return reasonsShown.length === 0 ? undefined : reasonsShown;
}
