import { readFileSync } from 'node:fs';

/** A field of a provider's configuration, as the fact sheet lists it. */
export interface Field {
  readonly name: string;
  readonly secret?: boolean;
  /** A credential is an object; its own fields are among the unions. */
  readonly credential?: boolean;
  readonly objectRef?: string;
  readonly unionRef?: string;
}

interface ProviderFacts {
  readonly providers: readonly { readonly id: string; readonly fields: readonly Field[] }[];
  readonly unions: Readonly<
    Record<
      string,
      { readonly variants: readonly { readonly type: string; readonly fields: readonly Field[] }[] }
    >
  >;
  readonly objects: Readonly<Record<string, { readonly fields: readonly Field[] }>>;
}

/** Every provider with its fields, and the objects and unions that fields refer to. */
export const providerFacts: ProviderFacts = JSON.parse(
  readFileSync(new URL('../../src/sandbox/facts/provider-configs.json', import.meta.url), 'utf8'),
);
