import type { JsonObject } from '../../lib/json.ts';

/** What of an object tells which one it is. */
const identifying = [
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

/** What is shown of an object, so that a person knows which one is meant. */
export function identityOf(object: JsonObject): JsonObject {
  const isSaid = (name: string) => name !== 'updated_at' || object.updated_at !== object.created_at;
  return pickFields(
    object,
    identifying.filter((name) => isSaid(name)),
  );
}

/** `identityOf` without what moves when an object is only used. */
export function lastingIdentityOf(object: JsonObject): JsonObject {
  return pickFields(
    object,
    identifying.filter((name) => name !== 'updated_at'),
  );
}

function pickFields(object: JsonObject, names: readonly string[]): JsonObject {
  const present = names.filter((name) => (object[name] ?? null) !== null);
  return Object.fromEntries(present.map((name) => [name, object[name]]));
}
