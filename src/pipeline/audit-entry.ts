import { createHmac, randomBytes } from 'node:crypto';
import { hashToken } from '../auth/mcp-tokens/mcp-token.ts';
import { dropUndefined } from '../errors.ts';
import { canonicalJson, isJsonObject, type JsonObject } from '../lib/json.ts';
import type { TrailLine } from '../observability/audit-log.ts';
import type { Session } from '../request-context.ts';
import type { Operation } from '../tools/define-operation.ts';
import { isBounded } from './arguments/size-limits.ts';
import type { ConfirmedBy } from './confirmation/confirm.ts';

/** What the trail tells of a call beside what was asked. */
export interface Course {
  /** The call's id. */
  readonly call: string;
  /** `ok`, or the error's code; undefined before it has ended. */
  readonly outcome?: string;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly confirmedBy: ConfirmedBy | undefined;
}

type Traced = Pick<Operation, 'id' | 'effect' | 'params'>;

/** An id for a call, which all its lines carry. */
export function newCallId(): string {
  return randomBytes(8).toString('hex');
}

/** What a line of the trail tells of a call: who did what to which objects, and how it ended. Described in docs/audit-log.md. */
export function traceOf(operation: Traced, raw: unknown, session: Session, course: Course): TrailLine {
  const { client } = session;
  return {
    call: course.call,
    ...dropUndefined({
      time: new Date().toISOString(),
      operation: operation.id,
      effect: operation.effect,
      targets: targetsOf(operation, raw),
      caller: session.caller ?? fingerprint([...session.knownTokens].at(-1)),
      organization: session.rights?.organization,
      client: client?.name,
      session: client?.sessionId,
      arguments_hash: hashArguments(raw),
      confirmed_by: course.confirmedBy,
      outcome: course.outcome,
      status: course.status,
      request_id: course.requestId,
      secrets_revealed: session.revealSecrets,
    }),
  };
}

/** An id or a name is shorter; what is longer may be a secret in the wrong place. */
const longestTarget = 128;

/** The ids and names in the path. No other argument is told. */
function targetsOf({ params }: Traced, raw: unknown): JsonObject {
  const given = isJsonObject(raw) ? raw : {};
  const names = Object.keys(params).filter((name) => typeof given[name] === 'string');
  return Object.fromEntries(names.map((name) => [name, shortened(given[name] as string)]));
}

function shortened(target: string): string {
  return target.length > longestTarget ? '[too long for an id]' : target;
}

/** First digits of the SHA-256 of a token, as for callers over HTTP. */
function fingerprint(token: string | undefined): string | undefined {
  return token === undefined ? undefined : hashToken(token).slice(0, 8);
}

/** Of this process: a plain hash of short arguments could be found by trying. */
const key = randomBytes(32);

/**
 * Equal arguments have equal hashes while the process lives; nothing can be told from one. Undefined for arguments
 * that no operation takes.
 */
export function hashArguments(raw: unknown): string | undefined {
  if (!isBounded(raw)) return undefined;
  return createHmac('sha256', key)
    .update(canonicalJson(raw ?? {}))
    .digest('hex');
}
