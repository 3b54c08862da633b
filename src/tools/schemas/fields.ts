import * as z from 'zod';

/*
 * Every description costs tokens in every chat, so it says only what the name does not.
 * A description must stay on the outermost wrapper of a field, where clients read it.
 */

const secretFields = z.registry<{ readonly secret: true }>();

/** Marks an input field as a secret: it is never logged, echoed or returned. The mark survives `describe()`. */
export function secret<Field extends z.ZodType>(field: Field): Field {
  const marked = field.clone();
  secretFields.add(marked as z.ZodType, { secret: true });
  return marked;
}

/** Whether `secret()` marked this field itself. Callers unwrap `optional()` and the like. */
export function isSecret(field: z.core.$ZodType): boolean {
  return secretFields.get(field)?.secret === true;
}

const abbreviatedFields = z.registry<{ readonly abbreviatedSchema: true }>();

/**
 * Publishes a field as an object or list of objects whose description gives its shape, for a quarter of the tokens. For
 * fields that few calls use. Arguments are validated against the full schema.
 */
export function abbreviated<Field extends z.ZodType>(field: Field, shape: string): Field {
  const marked = field.describe(shape);
  abbreviatedFields.add(marked as z.ZodType, { abbreviatedSchema: true });
  return marked;
}

/** Whether `abbreviated()` marked this field itself. */
export function isAbbreviated(field: z.core.$ZodType): boolean {
  return abbreviatedFields.get(field)?.abbreviatedSchema === true;
}

const partlyPublishedEnums = z.registry<{ readonly values: readonly string[] }>();

/**
 * An enum of which only some values are published. The others are synonyms, and each published value costs tokens.
 */
export function publishedAs<const Value extends string>(
  published: readonly Value[],
  others: readonly Value[],
): z.ZodEnum<{ [One in Value]: One }> {
  const field = z.enum([...published, ...others]);
  partlyPublishedEnums.add(field as z.ZodType, { values: published });
  return field;
}

/** The published values of a field that `publishedAs()` made. */
export function publishedValuesOf(field: z.core.$ZodType): readonly string[] | undefined {
  return partlyPublishedEnums.get(field)?.values;
}

/** A field of an update tool. `null` clears it; a field that is not given keeps its value. */
export function clearable<Field extends z.ZodType>(field: Field) {
  return field.nullable().optional();
}

export const text = z.string();
export const texts = z.array(text);

/* Path parameters. They also take names; the server's instructions say so once, instead of sixty schemas. */

export const accountId = text;
export const integrationId = text;
export const integrationPointId = text;
export const bridgeId = text;
export const credentialId = text;
export const memberId = text;
export const roleId = text;
export const webhookId = text;
export const mappingId = text;
export const organizationId = text;
export const tokenId = text.describe('Id, not the secret');

/* Lists. The server's instructions explain the syntax of filter and order once. */

export const limit = z.int().min(1).optional();
export const startAfter = text.optional();
export const order = texts.optional();
export const filter = texts.optional();
export const total = z.boolean().optional();
/** A cursor by name, for lists in which names are unique. */
export const byName = { fields: ['name'], unique: true };
/** A cursor by name, for lists of several accounts, in which a name may repeat. */
export const byRepeatedName = { fields: ['name'], unique: false };
export const byTime = { fields: ['created_at'], unique: false };
export const byPair = { fields: ['account_id', 'integration_id'], unique: true };

/* Bodies */

export const environment = z.enum(['test', 'prod']);
const labelRule = 'A label is 1 to 48 letters, digits or _ : . -';
export const labels = z.array(
  text
    .min(1, labelRule)
    .max(48, labelRule)
    .regex(/^[A-Za-z0-9_:.-]+$/, labelRule),
);
/** The short name of a new object; by default derived from `fullname`. */
export const newName = text.optional().describe('Unique, a-z0-9_-');
export const name = text.optional();
export const fullname = text.optional();
export const expires = text.describe('RFC 3339');
export const tokenTtl = (fallback: string) =>
  text.optional().describe(`Such as 30m or 2h; default ${fallback}`);

/** Connector categories. */
export const category = z.enum([
  'appsec',
  'assets',
  'chat',
  'cloudsecurity',
  'custom',
  'edr',
  'emailsecurity',
  'endpointmanagement',
  'identity',
  'incidentresponse',
  'networksecurity',
  'notifications',
  'siem',
  'sink',
  'storage',
  'ticketing',
  'vulnerabilities',
]);

/** An object with any fields. */
export const openObject = z.looseObject({});

/** Steps of a patch at most. */
const maxSteps = 1000;

const patchOf = (value: z.ZodType) =>
  z
    .array(
      z.strictObject({
        op: z.enum(['add', 'copy', 'move', 'remove', 'replace', 'test']),
        path: text,
        from: text.optional(),
        value: value.optional(),
      }),
    )
    .min(1)
    .max(maxSteps);

const steps = 'Steps {op, path, value?, from?}';

/** A JSON Patch (RFC 6902). */
export const patch = abbreviated(patchOf(z.unknown()), steps);
/** A JSON Patch whose values may be secrets. */
export const secretPatch = abbreviated(patchOf(secret(z.unknown())), steps);
