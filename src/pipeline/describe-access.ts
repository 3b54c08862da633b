import { type Learnt, learnRights, type Read } from '../access/learn-permissions.ts';
import { type Absence, absenceOf, isSelected } from '../access/visibility.ts';
import { CallError, dropUndefined } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import type { Session } from '../request-context.ts';
import { whoami } from '../tools/builtin/index.ts';
import { publishedTools } from '../tools/published.ts';
import { indexOfNames } from '../tools/tool-index.ts';
import { readArguments } from './arguments/parse.ts';
import { type Limits, withDeadline } from './execute/deadline.ts';
import { type CallResult, finish } from './run-operation.ts';

/** Tells who calls, what it is held to, and which operations are left out for what reason. Never throws. */
export async function tellWhoami(
  raw: unknown,
  session: Session,
  cancelled: AbortSignal,
): Promise<CallResult> {
  const about = { started: performance.now(), secrets: [], confirmedBy: undefined };
  try {
    readArguments(whoami, raw);
    const value = await withDeadline(session.timeout, cancelled, (limits) => describe(session, limits));
    return finish(whoami, raw, { value }, session, about);
  } catch (cause) {
    return finish(whoami, raw, { cause }, session, about);
  }
}

/** Milliseconds for learning what the token may do: the rest is told without it. */
const learnWithin = 2_000;

async function describe(session: Session, limits: Limits): Promise<JsonObject> {
  const { pins, policy, caller } = session;
  const [organization, learnt] = await Promise.all([
    pins || !isSelected('organization_get', policy)
      ? undefined
      : describeOrganization(readWith(session, limits)),
    session.rights ?? learnAnew(session, limits),
  ]);
  const served = publishedTools.filter(({ name }) => absenceOf(name, session) === undefined).length;
  return dropUndefined({
    organization,
    sandbox: session.sandbox || undefined,
    caller,
    token: describeToken(learnt, session),
    pinned_to: pins && dropUndefined({ ...pins }),
    read_only: policy.readOnly,
    confirm: policy.confirm,
    operations: served,
    left_out: describeAbsences(session),
  });
}

function readWith(session: Session, limits: Limits): Read {
  return async (path, query = {}) => {
    const { body } = await session.send({ method: 'GET', path, query, repeatable: true, ...limits });
    return isJsonObject(body) ? body.result : undefined;
  };
}

/** The bearer is in use by then, so that it is known here. */
async function learnAnew(session: Session, { signal }: Limits): Promise<Learnt> {
  const bearer = [...session.knownTokens].at(-1);
  if (bearer === undefined) return 'failed';
  const within = Math.min(learnWithin, session.timeout);
  return withDeadline(within, signal, (limits) => learnRights(bearer, readWith(session, limits))).catch(
    () => 'failed' as const,
  );
}

async function describeOrganization(read: Read): Promise<unknown> {
  try {
    const found = await read('/v1/organization');
    if (!isJsonObject(found)) return 'not told by Synqly';
    const { id, name, fullname, state } = found;
    return dropUndefined({ id, name, fullname, state });
  } catch (error) {
    if (error instanceof CallError && error.code === 'forbidden') return 'may not be read with this token';
    throw error;
  }
}

/** Under pins, nothing of what the server's own token reaches beyond them. */
function describeToken(rights: Learnt, { pins }: Session): unknown {
  if (rights === 'failed') {
    return 'What it may do could not be looked up just now, since Synqly did not answer: ask again. No tool is left out for it, and Synqly decides about each call.';
  }
  if (rights === 'untold') {
    return 'What it may do could not be learnt (it may not list tokens, or Synqly does not tell): no tool is left out for it, and Synqly decides about each call.';
  }
  return dropUndefined({
    name: pins ? undefined : rights.token.name,
    expires: rights.token.expires,
    roles: rights.roles.length > 0 ? rights.roles : undefined,
    permission_sets: rights.permissionSets,
    resources: pins ? undefined : rights.resources,
  });
}

function describeAbsences(session: Session): readonly JsonObject[] | undefined {
  const reasons: Readonly<Record<Absence, string>> = {
    pins: 'They reach beyond what this server is pinned to.',
    selection: 'The administrator, or the client, has not selected them (groups, allow, deny).',
    read_only: 'They do more than read, and this server only reads.',
    rights: 'The permission sets of the token (token.permission_sets) do not allow them.',
  };
  const told = Object.entries(reasons).flatMap(([reason, why]) => {
    const tools = publishedTools.filter(({ name }) => absenceOf(name, session) === reason);
    return tools.length === 0 ? [] : [{ why, count: tools.length, operations: indexOfNames(tools) }];
  });
  return told.length === 0 ? undefined : told;
}
