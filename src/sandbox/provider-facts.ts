/*
 * What the provider sheet (provider-configs.json) says, as types.
 */

/** What a value looks like. `values` makes an object a map of such values; `true` leaves them open. */
export interface ValueFact {
  readonly type: 'string' | 'integer' | 'boolean' | 'array' | 'object';
  readonly enum?: readonly string[];
  readonly items?: ValueFact;
  readonly values?: ValueFact | true;
  /** Name in the sheet's `objects`. */
  readonly objectRef?: string;
  /** Name in the sheet's `unions`. */
  readonly unionRef?: string;
  /** Values of `type` that the union takes here. */
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

/** One form that a union takes, by its `type`. */
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
  /** Canned data or an in-memory stand-in, which needs no credential. */
  readonly mock: boolean;
  /** The vendor's setup page. */
  readonly guide?: string;
  readonly fields: readonly FieldFact[];
}

/** provider-configs.json, as far as the sandbox reads it. */
export interface ProviderSheet {
  readonly categories: Readonly<Record<string, number>>;
  readonly providers: readonly ProviderFact[];
  readonly unions: Readonly<Record<string, { readonly variants?: readonly VariantFact[] }>>;
  readonly objects: Readonly<Record<string, { readonly fields?: readonly FieldFact[] }>>;
  readonly enums: Readonly<Record<string, readonly string[]>>;
  readonly [key: string]: unknown;
}
