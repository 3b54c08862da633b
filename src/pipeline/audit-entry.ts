import { createHmac, randomBytes } from 'node:crypto';
import { dropUndefined } from '../errors.ts';
import { hashToken } from '../lib/hash.ts';
import { canonicalJson, isJsonObject, type JsonObject } from '../lib/json.ts';
import type { AuditEntry } from '../observability/audit-log.ts';
import { maskKnown } from '../secrets/redact.ts';
import type { Operation } from '../tools/define-operation.ts';
import { isWithinLimits } from './arguments/size-limits.ts';
import { type CallState, secretsToMask } from './call-state.ts';

/** How a call ended. */
interface CallEnd {
  /** `ok`, or the error's code. */
  readonly outcome: string;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
}

/** Writes the opening entry of a write, right before its request is sent. @throws CallError if it cannot be written */
export async function openAuditEntry(call: CallState): Promise<void> {
  call.id = newCallId();
  const { tool, context } = call;
  const entry = maskKnown(createAuditEntry(call), ...secretsToMask(call)) as AuditEntry;
  await context.auditLog.begin(entry, tool.effect === 'destroy');
}

/** Writes the closing entry of a call; reads have none. */
export async function closeAuditEntry(call: CallState, outcome: CallEnd): Promise<void> {
  const { tool, context } = call;
  if (tool.effect === 'read') return;
  call.id ??= newCallId();
  const entry = maskKnown(createAuditEntry(call, outcome), ...secretsToMask(call)) as AuditEntry;
  await context.auditLog.end(entry, tool.effect === 'destroy');
}

function newCallId(): string {
  return randomBytes(8).toString('hex');
}

/** Who did what to which objects, with what outcome; docs/audit-log.md describes the fields. */
function createAuditEntry(
  { tool, raw, context, id = '', confirmedBy }: CallState,
  outcome?: CallEnd,
): AuditEntry {
  const { client } = context;
  return {
    call: id,
    ...dropUndefined({
      time: new Date().toISOString(),
      operation: tool.id,
      effect: tool.effect,
      targets: targetsOf(tool, raw),
      caller: context.caller ?? fingerprint([...context.knownTokens].at(-1)),
      organization: context.permissions?.current?.organization,
      client: client?.name,
      session: client?.sessionId,
      arguments_hash: hashArguments(raw),
      confirmed_by: confirmedBy,
      outcome: outcome?.outcome,
      status: outcome?.status,
      request_id: outcome?.requestId,
      secrets_revealed: context.revealSecrets,
    }),
  };
}

/** Ids and names are shorter. A longer text may be a secret in the wrong argument. */
const maxTargetLength = 128;

/** The ids and names in the path. No other argument is recorded. */
function targetsOf({ params }: Pick<Operation, 'params'>, raw: unknown): JsonObject {
  const given = isJsonObject(raw) ? raw : {};
  const names = Object.keys(params).filter((name) => typeof given[name] === 'string');
  return Object.fromEntries(names.map((name) => [name, shortened(given[name] as string)]));
}

function shortened(target: string): string {
  return target.length > maxTargetLength ? '[too long for an id]' : target;
}

/** First digits of the SHA-256 of a token, as for callers over HTTP. */
function fingerprint(token: string | undefined): string | undefined {
  return token === undefined ? undefined : hashToken(token).slice(0, 8);
}

/** A random key of this process: without it, short arguments could be found by trying. */
const key = randomBytes(32);

/**
 * A keyed hash. Equal arguments have equal hashes within a process, and a hash does not reveal its arguments. Undefined
 * for arguments above the size limits.
 */
export function hashArguments(raw: unknown): string | undefined {
  if (!isWithinLimits(raw)) return undefined;
  return createHmac('sha256', key)
    .update(canonicalJson(raw ?? {}))
    .digest('hex');
}
