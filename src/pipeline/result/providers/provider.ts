import { CallError } from '../../../errors.ts';
import { closest } from '../../../lib/did-you-mean.ts';
import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { isWithin } from '../../../lib/token-estimate.ts';
import type { Arguments } from '../../arguments/parse.ts';
import { escapeKey, findPart, takeApart } from '../address.ts';
import { mapEntries, withReferences } from '../openapi/copy.ts';
import { textsOf } from '../openapi/document.ts';
import { legend, shortenPart } from '../shorten.ts';
import { describeConfig } from './config-schema.ts';

/** What of an answer is for one expanded thing; a longer one is given in parts. */
const shareOfPart = 0.4;

/** Filters, sort fields and the like that are named for one operation. */
const mostNames = 12;

/**
 * A provider, with what was expanded told in brief, or the part of it that was asked for.
 *
 * @throws CallError `not_found`, with the parts that there are
 */
export function showProvider(provider: JsonObject, { part, expand }: Arguments, tokens: number): JsonObject {
  if (typeof part === 'string' && part !== '') return showPart(provider, part, tokens);
  const { name, provider_config, operations, ...rest } = provider;
  const room = tokens * shareOfPart;
  const parted = Array.isArray(operations) && operations.length > 0;
  return {
    result: {
      ...(name === rest.id ? {} : { name }),
      ...mapEntries(rest, (value, key) =>
        shortenPart({ value, from: 0 }, escapeKey(key), room / 4, withReferences),
      ),
      ...(isJsonObject(provider_config) && {
        provider_config: tellConfig(provider_config, provider.id, room),
      }),
      ...(Array.isArray(operations) && { operations: tellOperations(operations, room) }),
    },
    next: nextOf(provider, parted, Array.isArray(expand) ? expand : []),
  };
}

function nextOf({ provider_config }: JsonObject, parted: boolean, expand: readonly unknown[]): string {
  const steps = [
    provider_config
      ? 'provider_config as given here, with a value in the place of each text (one form of one_of, and what is in fields), goes to integrations_verify.'
      : 'expand provider_config for the fields of its integrations.',
    parted ? 'part: "operations/NAME" gives one operation whole, with the same expand.' : '',
    parted || expand.includes('operations') ? '' : 'expand operations for what it supports.',
  ];
  return steps.filter(Boolean).join(' ');
}

function tellConfig(schema: JsonObject, id: unknown, tokens: number): unknown {
  const fields = describeConfig(schema);
  if (!fields) return shortenPart({ value: schema, from: 0 }, 'provider_config', tokens, withReferences);
  const told = { type: id, ...fields };
  return isWithin(told, tokens)
    ? told
    : shortenPart({ value: schema, from: 0 }, 'provider_config', tokens, withReferences);
}

function tellOperations(operations: readonly unknown[], tokens: number): unknown {
  const known = operations.filter(isJsonObject);
  const supported = known.filter((one) => one.supported !== false);
  const told = {
    supported: Object.fromEntries(supported.map((one) => [String(one.name ?? one.id), tellOperation(one)])),
    unsupported: known.filter((one) => one.supported === false).map((one) => one.name ?? one.id),
  };
  return isWithin(told, tokens)
    ? told
    : shortenPart({ value: operations, from: 0 }, 'operations', tokens, withReferences);
}

/** What must be known to choose among operations: how each is narrowed and what it needs. */
function tellOperation(operation: JsonObject): string {
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['filters', namesOf(operation.filters)],
    ['orders', namesOf(operation.orders)],
    ['needs', textsOf(operation.required_fields)],
    ['actions', isJsonObject(operation.actions) ? Object.keys(operation.actions) : []],
  ];
  const told = lists
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `${what} ${listed(names)}`);
  return [...told, ...(operation.request_body ? ['takes a body'] : [])].join('; ');
}

function namesOf(list: unknown): readonly string[] {
  return Array.isArray(list) ? textsOf(list.map((one) => (isJsonObject(one) ? one.name : one))) : [];
}

function listed(names: readonly string[]): string {
  const more = names.length - mostNames;
  return `${names.slice(0, mostNames).join(' ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function showPart(provider: JsonObject, address: string, tokens: number): JsonObject {
  const found = findPart(provider, provider, address);
  if (!found) throw missingPart(provider, address);
  const base = found.from > 0 ? (takeApart(address)?.base ?? address) : address;
  return {
    part: address,
    value: shortenPart(found, base, tokens, withReferences),
    next: `${legend} are values for part, with the same expand.`,
  };
}

function missingPart(provider: JsonObject, address: string): CallError {
  const [head = '', name = ''] = address.split('/');
  const inside = findPart(provider, provider, head)?.value;
  const names = Array.isArray(inside)
    ? namesOf(inside).map((one) => `${head}/${one}`)
    : Object.keys(isJsonObject(inside) ? inside : provider).map((key) =>
        isJsonObject(inside) ? `${head}/${key}` : key,
      );
  const near = closest(inside === undefined ? head : `${head}/${name}`, names);
  return new CallError('not_found', 'The answer has no such part.', {
    closest: near.length > 0 ? near : names.slice(0, 10),
    next: 'Take one of closest. operations and provider_config are there only when expanded.',
  });
}
