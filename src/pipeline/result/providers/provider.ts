import { CallError } from '../../../errors.ts';
import { findClosest } from '../../../lib/did-you-mean.ts';
import type { Arguments } from '../../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { fitsTokens } from '../../../lib/token-estimate.ts';
import { escapeKey, findPart, splitAddress } from '../address.ts';
import { mapEntries, withReferences } from '../openapi/copy.ts';
import { textsOf } from '../openapi/document.ts';
import { cursorHelp, shortenPart } from '../shorten.ts';
import { describeConfig } from './config-schema.ts';

/** Share of the tokens for each expanded field. A longer field is shortened. */
const partShare = 0.4;

/** Names of filters, sort fields and the like that are shown per operation. */
const maxNames = 12;

/**
 * A provider with its expanded fields in short form, or one part of it.
 *
 * @throws CallError `not_found` with the existing parts
 */
export function showProvider(provider: JsonObject, { part, expand }: Arguments, tokens: number): JsonObject {
  if (typeof part === 'string' && part !== '') return answerPart(provider, part, tokens);
  const { name, provider_config, operations, ...rest } = provider;
  const budget = tokens * partShare;
  const hasOperations = Array.isArray(operations) && operations.length > 0;
  return {
    result: {
      ...(name === rest.id ? {} : { name }),
      ...mapEntries(rest, (value, key) =>
        shortenPart({ value, from: 0 }, escapeKey(key), budget / 4, withReferences),
      ),
      ...(isJsonObject(provider_config) && {
        provider_config: formatConfig(provider_config, provider.id, budget),
      }),
      ...(Array.isArray(operations) && { operations: formatOperations(operations, budget) }),
    },
    next: nextOf(provider, hasOperations, Array.isArray(expand) ? expand : []),
  };
}

function nextOf({ provider_config }: JsonObject, hasOperations: boolean, expand: readonly unknown[]): string {
  const steps = [
    provider_config
      ? 'For integrations_verify, copy provider_config and replace each text by a value, one_of by one form, and objects with fields by those fields.'
      : 'expand provider_config for the fields that its integrations take.',
    hasOperations ? 'part: "operations/NAME" returns one operation in full, with the same expand.' : '',
    hasOperations || expand.includes('operations') ? '' : 'expand operations for what it supports.',
  ];
  return steps.filter(Boolean).join(' ');
}

function formatConfig(schema: JsonObject, id: unknown, tokens: number): unknown {
  const fields = describeConfig(schema);
  if (!fields) return shortenPart({ value: schema, from: 0 }, 'provider_config', tokens, withReferences);
  const shown = { type: id, ...fields };
  return fitsTokens(shown, tokens)
    ? shown
    : shortenPart({ value: schema, from: 0 }, 'provider_config', tokens, withReferences);
}

function formatOperations(operations: readonly unknown[], tokens: number): unknown {
  const known = operations.filter(isJsonObject);
  const supported = known.filter((one) => one.supported !== false);
  const shown = {
    supported: Object.fromEntries(supported.map((one) => [String(one.name ?? one.id), formatOperation(one)])),
    unsupported: known.filter((one) => one.supported === false).map((one) => one.name ?? one.id),
  };
  return fitsTokens(shown, tokens)
    ? shown
    : shortenPart({ value: operations, from: 0 }, 'operations', tokens, withReferences);
}

/** The filters, orders, required fields and actions of an operation, on one line. */
function formatOperation(operation: JsonObject): string {
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['filters', namesOf(operation.filters)],
    ['orders', namesOf(operation.orders)],
    ['needs', textsOf(operation.required_fields)],
    ['actions', isJsonObject(operation.actions) ? Object.keys(operation.actions) : []],
  ];
  const shown = lists
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `${what} ${listed(names)}`);
  return [...shown, ...(operation.request_body ? ['takes a body'] : [])].join('; ');
}

function namesOf(list: unknown): readonly string[] {
  return Array.isArray(list) ? textsOf(list.map((one) => (isJsonObject(one) ? one.name : one))) : [];
}

function listed(names: readonly string[]): string {
  const more = names.length - maxNames;
  return `${names.slice(0, maxNames).join(' ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function answerPart(provider: JsonObject, address: string, tokens: number): JsonObject {
  const found = findPart(provider, provider, address);
  if (!found) throw missingPart(provider, address);
  const base = found.from > 0 ? (splitAddress(address)?.base ?? address) : address;
  return {
    part: address,
    value: shortenPart(found, base, tokens, withReferences),
    next: `${cursorHelp} are values for part, with the same expand.`,
  };
}

function missingPart(provider: JsonObject, address: string): CallError {
  const [header = '', name = ''] = address.split('/');
  const container = findPart(provider, provider, header)?.value;
  const names = Array.isArray(container)
    ? namesOf(container).map((one) => `${header}/${one}`)
    : Object.keys(isJsonObject(container) ? container : provider).map((key) =>
        isJsonObject(container) ? `${header}/${key}` : key,
      );
  const near = findClosest(container === undefined ? header : `${header}/${name}`, names);
  return new CallError('not_found', 'The provider has no such part.', {
    closest: near.length > 0 ? near : names.slice(0, 10),
    remediation: 'Use one of closest. operations and provider_config exist only when expanded.',
  });
}
