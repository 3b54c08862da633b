/* Typed access to the provider sheet (provider-configs.json): the providers and the fields of their configurations. */
import { providerSheet } from './facts.ts';
import type { FieldFact, ProviderFact, ValueFact, VariantFact } from './provider-facts.ts';

/** All providers, by category and id. */
export function listProviders(): readonly ProviderFact[] {
  return providerSheet().providers;
}

let byId: ReadonlyMap<string, ProviderFact> | undefined;

/** One provider by its id. */
export function findProvider(id: string): ProviderFact | undefined {
  byId ??= new Map(listProviders().map((provider) => [provider.id, provider]));
  return byId.get(id);
}

/** The connector categories, in the sheet's order. */
export function listCategories(): readonly string[] {
  return Object.keys(providerSheet().categories);
}

/** The variants of a union field. */
export function variantsOf(field: ValueFact): readonly VariantFact[] {
  const union = providerSheet().unions[field.unionRef ?? ''];
  return (union?.variants ?? []).filter((variant) => field.accepts?.includes(variant.type) ?? true);
}

/** The fields of an object that the sheet defines by name. */
export function objectFields(objectRef: string): readonly FieldFact[] {
  return providerSheet().objects[objectRef]?.fields ?? [];
}

/**
 * The kind of stored credential for a form of a credential field: `token_id` and `token` both mean `token`. A
 * webhook URL is stored as a single secret, since it has no kind of its own.
 */
export function credentialKind(form: string): string {
  const kind = form.endsWith('_id') ? form.slice(0, -'_id'.length) : form;
  return kind === 'webhook_url' ? 'secret' : kind;
}
