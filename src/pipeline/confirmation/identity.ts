import type { JsonObject } from '../../lib/json.ts';

/** Fields that identify an object. */
const identifyingFields = [
  'id',
  'name',
  'fullname',
  'description',
  'environment',
  'account_id',
  'owner_type',
  'provider_type',
  'connector',
  'permission_set',
  'token_type',
  'created_at',
  'updated_at',
];

/** The fields of an object by which a person recognizes it. */
export function identityOf(object: JsonObject): JsonObject {
  const isShown = (name: string) => name !== 'updated_at' || object.updated_at !== object.created_at;
  return pickFields(
    object,
    identifyingFields.filter((name) => isShown(name)),
  );
}

/** `identityOf` without the field that changes when an object is used. */
export function stableIdentityOf(object: JsonObject): JsonObject {
  return pickFields(
    object,
    identifyingFields.filter((name) => name !== 'updated_at'),
  );
}

function pickFields(object: JsonObject, names: readonly string[]): JsonObject {
  const present = names.filter((name) => (object[name] ?? null) !== null);
  return Object.fromEntries(present.map((name) => [name, object[name]]));
}
