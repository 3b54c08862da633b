import * as z from 'zod';
import { kindOf, type Pins } from '../../access/pins.ts';
import { CallError } from '../../errors.ts';
import { getOrCreate } from '../../lib/get-or-create.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import { resultOf } from '../../synqly/endpoints.ts';
import { findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { isHiddenByPins, listFilterOf, type PinRule, pinnedArguments } from '../../tools/pin-rule.ts';
import type { OperationCall } from '../call-state.ts';
import type { Limits } from '../execute/deadline.ts';
import { withIdsInBody } from '../execute/resolve-names.ts';
import { assertNoHiddenFieldQueried, withoutHiddenFields } from './expand-guard.ts';
import { createLookup, isOwnedBy, type Lookup, type Owner, outsidePin } from './lookup.ts';
import { assertPatchStaysInside } from './patch-guard.ts';

/** A call within the pins of its context. */
export interface PinnedCall {
  /** The operation to send. It differs where the list of all accounts' objects becomes the list of one account. */
  readonly operation: Operation;
  /** With pinned values filled in and names replaced by the ids that were checked. */
  readonly args: Arguments;
  /** Removes from a response body what is outside the pins. @throws CallError `outside_pin` */
  filterResponse(body: unknown): Promise<unknown>;
}

const visibleOperations = new Map<string, Operation>();

/**
 * The operation as callers with these pins see it: without the arguments that the pins fill in.
 *
 * @throws CallError `outside_pin` when the pins hide it
 */
export function visibleOperation(pins: Pins | undefined, operation: Operation): Operation {
  if (!pins) return operation;
  const kind = kindOf(pins);
  if (isHiddenByPins(operation.pinRule, kind)) {
    throw outsidePin(`${operation.id} affects more than this server is pinned to.`);
  }
  const withdrawn = pinnedArguments(operation.pinRule, kind);
  if (withdrawn.length === 0) return operation;
  return getOrCreate(visibleOperations, `${kind} ${operation.id}`, () => {
    const rest = Object.entries(operation.input.shape).filter(([name]) => !withdrawn.includes(name));
    return { ...operation, input: z.strictObject(Object.fromEntries(rest)) };
  });
}

/** Applies the pins to a call, with the state that Synqly has at that moment. @throws CallError `outside_pin` */
export type Pinned = (limits: Limits) => Promise<PinnedCall>;

/** Applies the pins to this call, with ids for the names in its body: once for a preview, and again right before its request is sent. */
export function pinnedBy(call: OperationCall): Pinned {
  const { operation, context } = call;
  return async (limits) => {
    const pinned = await holdToPins(operation, call.args, context, limits);
    if (operation.effect === 'read' && operation.body === undefined) return pinned;
    return { ...pinned, args: await withIdsInBody(operation, pinned.args, context, limits) };
  };
}

/**
 * Applies the pins of the context to a call: fills in the pinned arguments, and checks by reading that all other objects
 * it names are inside the pins. Only reads are sent.
 *
 * @throws CallError `outside_pin`
 */
export async function holdToPins(
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<PinnedCall> {
  const { pins } = context;
  if (!pins) return { operation, args, filterResponse: keepAll };
  assertPatchStaysInside(operation, args, pins);
  assertNoHiddenFieldQueried(args);
  const lookup = createLookup(pins, context, limits);
  const result = await proveInside(operation, args, pins, lookup);
  if (operation.pinRule.kind === 'global') return result;
  return {
    ...result,
    filterResponse: async (body) => withoutHiddenFields(await result.filterResponse(body)),
  };
}

type RuleOf<Kind extends PinRule['kind']> = Extract<PinRule, { kind: Kind }>;

/** Fills in pinned values, and checks the rest by the pin rule of the operation. @throws CallError `outside_pin` */
async function proveInside(
  operation: Operation,
  args: Arguments,
  pins: Pins,
  lookup: Lookup,
): Promise<PinnedCall> {
  const { pinRule: rule } = operation;
  switch (rule.kind) {
    case 'global':
      return { operation, args, filterResponse: keepAll };
    case 'organization':
      throw outsidePin(`${operation.id} affects more than this server is pinned to.`);
    case 'new_account':
      return {
        operation,
        args: { ...args, [rule.fixes]: pins.environment },
        filterResponse: keepAll,
      };
    case 'account':
      return holdToAccount(rule, operation, args, lookup);
    case 'rows':
      return narrowList(rule, operation, args, pins, lookup);
    case 'owner':
      return holdToOwner(rule, operation, args, lookup);
    case 'found':
      return { operation, args, filterResponse: (body) => assertCredentialInside(body, rule.by, lookup) };
    case 'token':
      return holdToToken(rule, operation, args, lookup);
  }
}

const keepAll: PinnedCall['filterResponse'] = async (body) => body;

async function holdToAccount(
  { by, part }: RuleOf<'account'>,
  operation: Operation,
  args: Arguments,
  lookup: Lookup,
): Promise<PinnedCall> {
  const given = args[by] as string | undefined;
  const account = given === undefined ? await lookup.pinnedAccount() : await lookup.account(given);
  const { id } = assertInside(account, by);
  const partId = part && assertInside(await lookup.part(part, id, args[part] as string), part);
  return {
    operation,
    args: { ...args, [by]: id, ...(part && { [part]: partId }) },
    filterResponse: keepRowsInside(operation, (row) => !('account_id' in row) || row.account_id === id),
  };
}

async function holdToOwner(
  { by, type, part }: RuleOf<'owner'>,
  operation: Operation,
  args: Arguments,
  lookup: Lookup,
): Promise<PinnedCall> {
  const types = type ? ownerTypes(args[type] ?? 'account') : both;
  const owner = assertInside(await lookup.owner(args[by] as string, types), by);
  // The response to a read shows the owner.
  const isCheckedBefore = part && operation.effect !== 'read';
  const credential = isCheckedBefore
    ? assertInside(await lookup.credential(owner, args[part] as string), part)
    : undefined;
  const ids = {
    [by]: owner.id,
    ...(type && { [type]: owner.type }),
    ...(part && credential && { [part]: credential.id }),
  };
  return {
    operation,
    args: { ...args, ...ids },
    filterResponse: keepRowsInside(operation, (row) => isOwnedBy(row, owner)),
  };
}

async function holdToToken(
  { by, owner: ownerBy }: RuleOf<'token'>,
  operation: Operation,
  args: Arguments,
  lookup: Lookup,
): Promise<PinnedCall> {
  const token = assertInside(await lookup.token(args[by] as string), by);
  const owner = await ownerOfToken(token, lookup);
  const named = ownerBy ? await lookup.owner(args[ownerBy] as string, ['integration']) : owner;
  if (!owner || named?.id !== owner.id) throw notInside(ownerBy ?? by);
  return {
    operation,
    args: { ...args, [by]: token.id, ...(ownerBy && { [ownerBy]: owner.id }) },
    filterResponse: keepRowsInside(operation, (row) => row.owner_id === owner.id),
  };
}

/** The response about a credential, if its owner is inside. @throws CallError `outside_pin` */
async function assertCredentialInside(body: unknown, by: string, lookup: Lookup): Promise<unknown> {
  const credential = resultOf(body);
  if (!isJsonObject(credential) || !(await isOwnerInside(credential, lookup))) throw notInside(by);
  return body;
}

const both: readonly Owner['type'][] = ['account', 'integration'];

/** Integration points and webhooks belong to the organization, so they are never inside. */
function ownerTypes(type: unknown): readonly Owner['type'][] {
  return both.filter((one) => one === type);
}

async function isOwnerInside(credential: JsonObject, lookup: Lookup): Promise<boolean> {
  const type = both.find((one) => one === credential.owner_type);
  const id = type && credential[`${type}_id`];
  if (!type || typeof id !== 'string') return false;
  return (await lookup.owner(id, [type]))?.id === id;
}

/** The integration that owns a token object, if it is inside. The organization's tokens never are. */
async function ownerOfToken(token: JsonObject, lookup: Lookup): Promise<Owner | undefined> {
  const { owner_type: type, owner_id: id } = token;
  if (type !== 'integration' || typeof id !== 'string') return undefined;
  const owner = await lookup.owner(id, ['integration']);
  return owner?.id === id ? owner : undefined;
}

/** Adds a filter to the list and checks the response, because not all lists document which filters they support. */
async function narrowList(
  rule: RuleOf<'rows'>,
  operation: Operation,
  args: Arguments,
  pins: Pins,
  lookup: Lookup,
): Promise<PinnedCall> {
  const listFilter = listFilterOf(rule, kindOf(pins));
  if (!listFilter) throw outsidePin(`${operation.id} cannot be limited to what this server is pinned to.`);
  const account = pins.account === undefined ? undefined : await lookup.pinnedAccount();
  if ('replacedBy' in listFilter) {
    const replacement = findOperation(listFilter.replacedBy) as Operation;
    const filterResponse = keepRowsInside(replacement, (row) => row[rule.account] === account?.id);
    return { operation: replacement, args: { ...args, account_id: account?.id }, filterResponse };
  }
  const isOfMany = listFilter.filter === 'account_id[in]';
  const ids = account ? [account.id] : isOfMany ? await lookup.accountsOfEnvironment() : undefined;
  const values = {
    'name[eq]': account?.name,
    'environment[eq]': pins.environment,
    'account_id[eq]': account?.id,
    // An empty value would be no filter.
    'account_id[in]': ids?.join(',') || 'none',
  };
  const given = Array.isArray(args.filter) ? args.filter : [];
  const filter = [...given, `${listFilter.filter}${values[listFilter.filter]}`];
  const filterResponse = keepRowsInside(operation, (row) =>
    ids ? ids.includes(String(row[rule.account])) : row.environment === pins.environment,
  );
  return { operation, args: { ...args, filter }, filterResponse };
}

/** Removes the rows of a list that are outside, and refuses a single object that is. */
function keepRowsInside(
  operation: Operation,
  isInside: (row: JsonObject) => boolean,
): PinnedCall['filterResponse'] {
  return async (body) => {
    const result = resultOf(body);
    if (Array.isArray(result)) {
      const rows = result.filter((row) => isJsonObject(row) && isInside(row));
      if (rows.length === result.length) return body;
      const { total, ...rest } = body as JsonObject;
      return { ...rest, result: rows };
    }
    if (!isJsonObject(result) || operation.effect !== 'read' || isInside(result)) return body;
    throw outsidePin('The object is outside what this server is pinned to.');
  };
}

function assertInside<Value>(value: Value | undefined, argument: string): Value {
  if (value === undefined) throw notInside(argument);
  return value;
}

function notInside(argument: string): CallError {
  const message = `${argument} is not known to belong to what this server is pinned to.`;
  return new CallError('outside_pin', message, {
    arguments: [{ argument, problem: 'is not known to belong to the pinned account or environment' }],
  });
}
