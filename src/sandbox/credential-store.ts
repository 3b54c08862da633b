/*
 * Stored credentials. The readable part (schema CredentialResponse) is in the collection, the secret in
 * `state.credentialSecrets`. Each has one owner; its name is unique there.
 */
import type { EntityKind, SandboxState, Stored } from './model.ts';
import type { Resource } from './problem.ts';

export type OwnerType = Extract<
  EntityKind,
  'account' | 'integration' | 'integration_point' | 'organization_webhook'
>;

/** Who owns a credential. */
export interface CredentialOwner {
  readonly type: OwnerType;
  readonly id: string;
}

/** Kinds of owner, in the order in which an owner in a path is looked up. */
export const ownerTypes: readonly OwnerType[] = [
  'account',
  'integration_point',
  'integration',
  'organization_webhook',
];

const ownerFields: Readonly<Record<OwnerType, string>> = {
  account: 'account_id',
  integration: 'integration_id',
  integration_point: 'integration_point_id',
  organization_webhook: 'organization_webhook_id',
};

/** Secret values by kind of credential (schema CredentialConfig). */
export type CredentialConfig = Readonly<Record<string, unknown>> & { readonly type: string };

export interface NewCredential {
  readonly name?: string | undefined;
  readonly fullname?: string | undefined;
  readonly config: CredentialConfig;
  /** RFC 3339. */
  readonly expires?: string | undefined;
  /** Whether Synqly manages it, as it does for inline credentials. */
  readonly managed: boolean;
}

/** Stores a credential and its secret. 409 if its owner has one with that name. */
export function storeCredential(state: SandboxState, owner: CredentialOwner, given: NewCredential): Stored {
  const credential = state.collections.credential.add({
    ...state.newNamed(given),
    [ownerFields[owner.type]]: owner.id,
    owner_type: owner.type,
    config: { type: given.config.type },
    ...(given.expires !== undefined && { expires: given.expires }),
    managed: given.managed ? 'Managed' : 'Unmanaged',
  });
  state.credentialSecrets.set(credential.id, structuredClone(given.config));
  return credential;
}

/** Secret values of a credential; seeded ones may have none. */
export function secretOf(state: SandboxState, credentialId: string): CredentialConfig | undefined {
  return state.credentialSecrets.get(credentialId) as CredentialConfig | undefined;
}

/** The owner of a credential. */
export function ownerOf(credential: Stored): CredentialOwner {
  const type = credential.owner_type as OwnerType;
  return { type, id: credential[ownerFields[type]] as string };
}

/** Finds an object that may own credentials, by id or name, among the given kinds. Ids take precedence over names. */
export function findOwner(
  state: SandboxState,
  idOrName: string,
  types: readonly OwnerType[] = ownerTypes,
): { type: OwnerType; object: Stored } | undefined {
  const found = types.flatMap((type) => {
    const object = state.collections[type].find(idOrName);
    return object ? [{ type, object }] : [];
  });
  return found.find(({ object }) => object.id === idOrName) ?? found[0];
}

/** Integrations and webhooks that use a credential, as listed in a problem. */
export function usersOf(state: SandboxState, credentialId: string): Resource[] {
  const { integration, organization_webhook: webhook } = state.collections;
  return [
    ...integration
      .all()
      .filter((one) => referencesIn(one.provider_config).includes(credentialId))
      .map(({ id }): Resource => ({ type: 'integration', id, rel: 'affected' })),
    ...webhook
      .all()
      .filter((one) => one.credential_id === credentialId)
      .map(({ id }): Resource => ({ type: 'organization_webhook', id, rel: 'affected' })),
  ];
}

/** Ids of the stored credentials that a `provider_config` refers to. */
export function referencesIn(config: unknown): string[] {
  if (typeof config !== 'object' || config === null) return [];
  const { type, value } = config as Record<string, unknown>;
  if (typeof type === 'string' && type.endsWith('_id') && typeof value === 'string') return [value];
  return Object.values(config).flatMap(referencesIn);
}

/** Removes a credential with its secret. */
export function removeCredential(state: SandboxState, credentialId: string): void {
  state.collections.credential.remove(credentialId);
  state.credentialSecrets.delete(credentialId);
}

/** Removes every credential of an owner. */
export function removeCredentialsOf(state: SandboxState, ownerId: string): void {
  for (const { id } of state.collections.credential.all(ownerId)) removeCredential(state, id);
}
