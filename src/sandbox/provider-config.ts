/* Checks an integration's `provider_config` against the fields of its provider, and finds the credentials in it. */
import { badRequest, type ProblemError } from './problem.ts';
import type { FieldFact, ProviderFact, ValueFact } from './provider-facts.ts';
import { credentialKind, findProvider, objectFields, variantsOf } from './providers.ts';
import { escapePointer } from './schemas.ts';

type Fields = Record<string, unknown>;

/** A place in a configuration that holds a credential, inline or by reference. */
export interface CredentialSlot {
  /** JSON Pointer within the request body. */
  readonly pointer: string;
  /** Name of the field, such as `credential`. */
  readonly field: string;
  /** The given form, such as `token` or `token_id`. */
  readonly form: string;
  /** The kind of the stored credential. */
  readonly kind: string;
  /** Secret values, if inline. */
  readonly inline: Fields | undefined;
  /** Id or name of a stored credential, if it is a reference. */
  readonly reference: string | undefined;
  /** Replaces this place with a reference to a stored credential. */
  refer(credentialId: string): void;
}

/** A valid configuration of a provider. */
export interface CheckedConfig {
  readonly provider: ProviderFact;
  /** A copy with only the fields that the provider defines. */
  readonly config: Fields;
  readonly slots: readonly CredentialSlot[];
}

/**
 * Checks a `provider_config`. Fields that the provider does not define are dropped, as a typed server would.
 * @param pointer JSON Pointer of the configuration within the request body.
 * @throws ProblemError 400 that names the first offending field.
 */
export function checkProviderConfig(given: unknown, pointer = '/provider_config'): CheckedConfig {
  const type = isObject(given) ? given.type : undefined;
  const provider = typeof type === 'string' ? findProvider(type) : undefined;
  if (!isObject(given) || !provider)
    throw badRequest(`There is no provider "${String(type)}".`, {
      parameter: { id: `${pointer}/type`, location: 'body', value: type ?? null },
      remediation: 'Use a provider id that capabilities_list_providers names.',
    });
  const slots: CredentialSlot[] = [];
  const reader: Reader = { provider, slots };
  return { provider, config: readFields(provider.fields, given, pointer, reader, { type }), slots };
}

interface Reader {
  readonly provider: ProviderFact;
  readonly slots: CredentialSlot[];
}

// Writes into `read` itself, which a credential slot changes later.
function readFields(
  fields: readonly FieldFact[],
  given: Fields,
  pointer: string,
  reader: Reader,
  read: Fields = {},
): Fields {
  for (const field of fields) {
    const place = `${pointer}/${escapePointer(field.name)}`;
    const value = given[field.name];
    if (value === undefined || value === null || value === '') {
      if (field.required) throw missing(place, field, reader);
      continue;
    }
    if (field.credential) readCredential(field, value, place, read, reader);
    else read[field.name] = readValue(field, value, place, reader);
  }
  return read;
}

function readValue(fact: ValueFact, value: unknown, place: string, reader: Reader): unknown {
  if (!hasType(fact.type, value)) throw wrong(place, `must be of type ${fact.type}`, reader);
  if (fact.enum && !fact.enum.includes(value as string))
    throw wrong(place, `must be one of: ${fact.enum.join(', ')}`, reader, value);
  if (Array.isArray(value)) {
    const { items } = fact;
    return items
      ? value.map((item, index) => readValue(items, item, `${place}/${index}`, reader))
      : structuredClone(value);
  }
  if (!isObject(value)) return value;
  if (fact.unionRef) {
    const variant = chooseVariant(fact, value, place, reader);
    return readFields(variant.fields, value, place, reader, { type: variant.type });
  }
  if (fact.objectRef) return readFields(objectFields(fact.objectRef), value, place, reader);
  const { values } = fact;
  if (values === undefined || values === true) return structuredClone(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      readValue(values, one, `${place}/${escapePointer(key)}`, reader),
    ]),
  );
}

function readCredential(field: FieldFact, value: unknown, place: string, into: Fields, reader: Reader): void {
  if (!isObject(value)) throw wrong(place, `must be an object with a "type"`, reader);
  const variant = chooseVariant(field, value, place, reader);
  const content = readFields(variant.fields, value, place, reader);
  const isReference = variant.form === 'reference';
  into[field.name] = { type: variant.type, ...content };
  reader.slots.push({
    pointer: place,
    field: field.name,
    form: variant.type,
    kind: credentialKind(variant.type),
    inline: isReference ? undefined : content,
    reference: isReference ? String(content.value) : undefined,
    refer(credentialId) {
      into[field.name] = { type: isReference ? variant.type : `${variant.type}_id`, value: credentialId };
    },
  });
}

function chooseVariant(fact: ValueFact, value: Fields, place: string, reader: Reader) {
  const variants = variantsOf(fact);
  const variant = variants.find((one) => one.type === value.type);
  if (variant) return variant;
  const accepted = variants.map((one) => one.type).join(', ');
  throw wrong(`${place}/type`, `must be one of: ${accepted}`, reader, value.type ?? null);
}

function hasType(type: ValueFact['type'], value: unknown): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function missing(place: string, field: FieldFact, reader: Reader): ProblemError {
  const forms = field.accepts ? ` Accepted forms: ${field.accepts.join(', ')}.` : '';
  return badRequest(`${reader.provider.id} needs ${place.slice(1)}.`, {
    detail: `${field.description}${forms}`,
    parameter: { id: place, location: 'body' },
    remediation: fieldsHint(reader),
  });
}

function wrong(place: string, message: string, reader: Reader, value?: unknown): ProblemError {
  return badRequest(`${place.slice(1)} ${message}.`, {
    parameter: { id: place, location: 'body', ...(value !== undefined && { value }) },
    remediation: fieldsHint(reader),
  });
}

function fieldsHint(reader: Reader): string {
  return `See the fields of ${reader.provider.id}: capabilities_get_provider with expand=provider_config.`;
}
