/*
 * A provider's configuration as JSON Schema, which `expand=provider_config` answers.
 */
import type { FieldFact, ProviderFact, ValueFact, VariantFact } from './provider-facts.ts';
import { objectFields, variantsOf } from './providers.ts';

type Schema = Record<string, unknown>;

/** JSON Schema 2020-12 of a provider's `provider_config`. Secrets are marked `writeOnly`. */
export function providerConfigSchema(provider: ProviderFact): Schema {
  const { properties, required } = describeFields(provider.fields);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: provider.title,
    type: 'object',
    properties: { type: { const: provider.id }, ...properties },
    required: ['type', ...required],
    ...(provider.guide && { externalDocs: { url: provider.guide } }),
  };
}

function describeFields(fields: readonly FieldFact[]): { properties: Schema; required: string[] } {
  return {
    properties: Object.fromEntries(
      fields.map((field) => [field.name, { ...describeValue(field), description: field.description }]),
    ),
    required: fields.filter(({ required }) => required).map(({ name }) => name),
  };
}

function describeValue(fact: ValueFact): Schema {
  if (fact.unionRef) return { oneOf: variantsOf(fact).map(describeVariant) };
  if (fact.objectRef) return { type: 'object', ...describeFields(objectFields(fact.objectRef)) };
  return {
    type: fact.type,
    ...(fact.enum && { enum: fact.enum }),
    ...(fact.items && { items: describeValue(fact.items) }),
    ...(fact.values && { additionalProperties: fact.values === true ? true : describeValue(fact.values) }),
    ...(fact.secret && { writeOnly: true }),
  };
}

function describeVariant(variant: VariantFact): Schema {
  const { properties, required } = describeFields(variant.fields);
  return {
    type: 'object',
    properties: { type: { const: variant.type }, ...properties },
    required: ['type', ...required],
  };
}
