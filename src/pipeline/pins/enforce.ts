import * as z from 'zod';
import { kindOf, type PinKind, type Pins } from '../../access/pins.ts';
import { CallError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { Session } from '../../request-context.ts';
import { findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { isHidden, narrowingOf, type Reach, withdrawnArguments } from '../../tools/pin-rule.ts';
import type { Arguments } from '../arguments/parse.ts';
import type { Limits } from '../execute/deadline.ts';
import { assertNotByHidden, withoutHidden } from './expand-guard.ts';
import { createLookup, isOwnedBy, type Lookup, type Owner, outsidePin } from './lookup.ts';
import { assertPatchStays } from './patch-guard.ts';

/** A call that is held to the pins of its session. */
export interface Held {
  /** The operation to send; another one where a list of everything becomes the list of one account. */
  readonly operation: Operation;
  /** With pinned values filled in and names replaced by the ids that were checked. */
  readonly args: Arguments;
  /** What of the answer's body is inside. @throws CallError `outside_pin` */
  inside(body: unknown): Promise<unknown>;
}

const shown = new Map<string, Operation>();

/**
 * The operation as callers with these pins know it: without the arguments that the pins take away.
 *
 * @throws CallError `outside_pin` when the pins hide it
 */
export function operationUnder(pins: Pins | undefined, operation: Operation): Operation {
  if (!pins) return operation;
  const kind = kindOf(pins);
  if (isHidden(operation.reach, kind)) {
    throw outsidePin(`${operation.id} reaches beyond what this server is pinned to.`);
  }
  const withdrawn = withdrawnArguments(operation.reach, kind);
  const key = `${kind} ${operation.id}`;
  const known = shown.get(key);
  if (known || withdrawn.length === 0) return known ?? operation;
  const rest = Object.entries(operation.input.shape).filter(([name]) => !withdrawn.includes(name));
  const narrowed = { ...operation, input: z.strictObject(Object.fromEntries(rest)) };
  shown.set(key, narrowed);
  return narrowed;
}

/**
 * Holds a call to the pins of its session: fills in what is pinned, and proves by reading that everything else it
 * names is inside. Only reads are sent.
 *
 * @throws CallError `outside_pin`
 */
export async function holdToPins(
  operation: Operation,
  args: Arguments,
  session: Session,
  limits: Limits,
): Promise<Held> {
  const { pins } = session;
  if (!pins) return { operation, args, inside: async (body) => body };
  assertPatchStays(operation, args, pins);
  assertNotByHidden(args);
  const lookup = createLookup(pins, session, limits);
  const held = await holders(operation, args, pins, lookup)[operation.reach.kind]();
  if (operation.reach.kind === 'global') return held;
  return { ...held, inside: async (body) => withoutHidden(await held.inside(body)) };
}

type Of<Kind extends Reach['kind']> = Extract<Reach, { kind: Kind }>;

function holders(
  operation: Operation,
  args: Arguments,
  pins: Pins,
  lookup: Lookup,
): Readonly<Record<Reach['kind'], () => Promise<Held>>> {
  const { reach } = operation;
  const held = (more: JsonObject, inside: Held['inside']): Held => ({
    operation,
    args: { ...args, ...more },
    inside,
  });
  return {
    global: async () => held({}, async (body) => body),
    organization: () => Promise.reject(outsidePin(`${operation.id} reaches beyond the pins.`)),
    new_account: async () => {
      const { fixes } = reach as Of<'new_account'>;
      return held({ [fixes]: pins.environment }, async (body) => body);
    },
    account: async () => {
      const { by, part } = reach as Of<'account'>;
      const given = args[by] as string | undefined;
      const account = given === undefined ? await lookup.pinnedAccount() : await lookup.account(given);
      const { id } = proven(account, by);
      const partId = part && proven(await lookup.part(part, id, args[part] as string), part);
      const ids = { [by]: id, ...(part && { [part]: partId }) };
      return held(
        ids,
        keepRows(operation, (row) => !('account_id' in row) || row.account_id === id),
      );
    },
    rows: () => narrow(operation, args, kindOf(pins), lookup, pins),
    owner: async () => {
      const { by, type, part } = reach as Of<'owner'>;
      const types = type ? ownerTypes(args[type] ?? 'account') : both;
      const owner = proven(await lookup.owner(args[by] as string, types), by);
      // Of a read the answer itself tells whose it is.
      const isProvedBefore = part && operation.effect !== 'read';
      const credential = isProvedBefore
        ? proven(await lookup.credential(owner, args[part] as string), part)
        : undefined;
      const more = {
        [by]: owner.id,
        ...(type && { [type]: owner.type }),
        ...(part && credential && { [part]: credential.id }),
      };
      return held(
        more,
        keepRows(operation, (row) => isOwnedBy(row, owner)),
      );
    },
    found: async () => {
      const { by } = reach as Of<'found'>;
      return held({}, async (body) => {
        const credential = isJsonObject(body) ? body.result : undefined;
        if (!isJsonObject(credential) || !(await isOwnerInside(credential, lookup))) throw notInside(by);
        return body;
      });
    },
    token: async () => {
      const { by, owner: ownerBy } = reach as Of<'token'>;
      const token = proven(await lookup.token(args[by] as string), by);
      const owner = await ownerOfToken(token, lookup);
      const named = ownerBy ? await lookup.owner(args[ownerBy] as string, ['integration']) : owner;
      if (!owner || named?.id !== owner.id) throw notInside(ownerBy ?? by);
      const ids = { [by]: token.id, ...(ownerBy && { [ownerBy]: owner.id }) };
      return held(
        ids,
        keepRows(operation, (row) => row.owner_id === owner.id),
      );
    },
  };
}

const both: readonly Owner['type'][] = ['account', 'integration'];

/** Integration points and webhooks belong to the organization: never inside. */
function ownerTypes(type: unknown): readonly Owner['type'][] {
  return both.filter((one) => one === type);
}

async function isOwnerInside(credential: JsonObject, lookup: Lookup): Promise<boolean> {
  const type = both.find((one) => one === credential.owner_type);
  const id = type && credential[`${type}_id`];
  if (!type || typeof id !== 'string') return false;
  return (await lookup.owner(id, [type]))?.id === id;
}

/** The integration that a token object belongs to, if it is inside. The organization's tokens never are. */
async function ownerOfToken(token: JsonObject, lookup: Lookup): Promise<Owner | undefined> {
  const { owner_type: type, owner_id: id } = token;
  if (type !== 'integration' || typeof id !== 'string') return undefined;
  const owner = await lookup.owner(id, ['integration']);
  return owner?.id === id ? owner : undefined;
}

/** Synqly narrows the list, and its answer is checked: which filters it knows is not documented everywhere. */
async function narrow(
  operation: Operation,
  args: Arguments,
  kind: PinKind,
  lookup: Lookup,
  pins: Pins,
): Promise<Held> {
  const reach = operation.reach as Of<'rows'>;
  const narrowing = narrowingOf(reach, kind);
  if (!narrowing) throw outsidePin(`${operation.id} cannot be narrowed to the pins.`);
  const account = pins.account === undefined ? undefined : await lookup.pinnedAccount();
  if ('instead' in narrowing) {
    const instead = findOperation(narrowing.instead) as Operation;
    const inside = keepRows(instead, (row) => row[reach.account] === account?.id);
    return { operation: instead, args: { ...args, account_id: account?.id }, inside };
  }
  const isOfMany = narrowing.filter === 'account_id[in]';
  const ids = account ? [account.id] : isOfMany ? await lookup.accountsOfEnvironment() : undefined;
  const values = {
    'name[eq]': account?.name,
    'environment[eq]': pins.environment,
    'account_id[eq]': account?.id,
    // An empty list would be no filter at all.
    'account_id[in]': ids?.join(',') || 'none',
  };
  const given = Array.isArray(args.filter) ? args.filter : [];
  const filter = [...given, `${narrowing.filter}${values[narrowing.filter]}`];
  const inside = keepRows(operation, (row) =>
    ids ? ids.includes(String(row[reach.account])) : row.environment === pins.environment,
  );
  return { operation, args: { ...args, filter }, inside };
}

/** Drops the items of a list that are outside, and refuses an object that is. */
function keepRows(operation: Operation, isInside: (row: JsonObject) => boolean): Held['inside'] {
  return async (body) => {
    const result = isJsonObject(body) ? body.result : undefined;
    if (Array.isArray(result)) {
      const rows = result.filter((row) => isJsonObject(row) && isInside(row));
      if (rows.length === result.length) return body;
      const { total, ...rest } = body as JsonObject;
      return { ...rest, result: rows };
    }
    if (!isJsonObject(result) || operation.effect !== 'read' || isInside(result)) return body;
    throw outsidePin('The answer is about something outside what this server is pinned to.');
  };
}

function proven<Value>(value: Value | undefined, argument: string): Value {
  if (value === undefined) throw notInside(argument);
  return value;
}

function notInside(argument: string): CallError {
  const message = `${argument} is not known to be inside what this server is pinned to.`;
  return new CallError('outside_pin', message, {
    arguments: [{ argument, problem: 'is not known to be inside' }],
  });
}
