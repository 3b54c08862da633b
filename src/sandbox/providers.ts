/* Typed access to the provider sheet (provider-configs.json): the providers and the fields of their configurations. */
import { providerSheet } from './facts.ts';

/** The type of a value. `values` makes an object a map of such values; `true` allows any. */
export interface ValueFact {
  readonly type: 'string' | 'integer' | 'boolean' | 'array' | 'object';
  readonly enum?: readonly string[];
  readonly items?: ValueFact;
  readonly values?: ValueFact | true;
  /** Name in the sheet's `objects`. */
  readonly objectRef?: string;
  /** Name in the sheet's `unions`. */
  readonly unionRef?: string;
  /** Values of `type` that the union allows here. */
  readonly accepts?: readonly string[];
  /** Whether the value is a credential: inline, or a reference to a stored one. */
  readonly credential?: boolean;
  readonly secret?: boolean;
}

/** One field of a provider's configuration. */
export interface FieldFact extends ValueFact {
  readonly name: string;
  readonly required: boolean;
  readonly description: string;
}

/** One variant of a union, by its `type`. */
export interface VariantFact {
  readonly type: string;
  readonly form: 'inline' | 'reference';
  readonly fields: readonly FieldFact[];
}

/** One provider, such as `siem_splunk`. */
export interface ProviderFact {
  readonly id: string;
  readonly title: string;
  readonly category: string;
  /** A mock with canned or in-memory data, which needs no credential. */
  readonly mock: boolean;
  /** The vendor's setup page. */
  readonly guide?: string;
  readonly fields: readonly FieldFact[];
}

/** All providers, by category and id. */
export function listProviders(): readonly ProviderFact[] {
  return providerSheet().providers as unknown as readonly ProviderFact[];
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
  const union = providerSheet().unions[field.unionRef ?? ''] as { variants?: VariantFact[] } | undefined;
  return (union?.variants ?? []).filter((variant) => field.accepts?.includes(variant.type) ?? true);
}

/** The fields of an object that the sheet defines by name. */
export function objectFields(objectRef: string): readonly FieldFact[] {
  return (providerSheet().objects[objectRef] as { fields?: FieldFact[] } | undefined)?.fields ?? [];
}

/**
 * The kind of stored credential for a form of a credential field: `token_id` and `token` both mean `token`. A
 * webhook URL is stored as a single secret, since it has no kind of its own.
 */
export function credentialKind(form: string): string {
  const kind = form.endsWith('_id') ? form.slice(0, -'_id'.length) : form;
  return kind === 'webhook_url' ? 'secret' : kind;
}
