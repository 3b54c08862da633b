import * as z from 'zod';

/*
 * Every word here is paid for by every user on every chat. A text says only what the name does not.
 * Optional fields are wrapped by `optional()` so that the text stays on the outside, where clients look.
 */

const secretFields = z.registry<{ readonly secret: true }>();

/** Marks an input field as a secret: it is never logged, echoed or returned. The mark outlives `describe()`. */
export function secret<Field extends z.ZodType>(field: Field): Field {
  const marked = field.clone();
  secretFields.add(marked as z.ZodType, { secret: true });
  return marked;
}

/** Whether `secret()` marked this very field (wrappers such as `optional()` are looked through by the caller). */
export function isSecret(field: z.core.$ZodType): boolean {
  return secretFields.get(field)?.secret === true;
}

const abbreviatedFields = z.registry<{ readonly abbreviatedSchema: true }>();

/**
 * Publishes a field as a bare object or list of objects, with its shape in words: a quarter of the tokens.
 * For parts that few calls use. Arguments are held to the whole field, and a refusal says what is wrong.
 */
export function abbreviated<Field extends z.ZodType>(field: Field, shape: string): Field {
  const marked = field.describe(shape);
  abbreviatedFields.add(marked as z.ZodType, { abbreviatedSchema: true });
  return marked;
}

/** Whether `sketched()` marked this very field. */
export function isAbbreviated(field: z.core.$ZodType): boolean {
  return abbreviatedFields.get(field)?.abbreviatedSchema === true;
}

const briefEnums = z.registry<{ readonly values: readonly string[] }>();

/**
 * Values that an argument takes, of which only some are published: the others mean the same, and every value costs each user
 * a token or two.
 */
export function publishedAs<const Value extends string>(
  published: readonly Value[],
  others: readonly Value[],
): z.ZodEnum<{ [One in Value]: One }> {
  const field = z.enum([...published, ...others]);
  briefEnums.add(field as z.ZodType, { values: published });
  return field;
}

/** The values that `publishedAs()` publishes of this very field. */
export function publishedValuesOf(field: z.core.$ZodType): readonly string[] | undefined {
  return briefEnums.get(field)?.values;
}

/** A field of an update tool that `null` clears. Left out, it keeps its value. */
export function clearable<Field extends z.ZodType>(field: Field) {
  return field.nullable().optional();
}

export const text = z.string();
export const texts = z.array(text);

/* Path parameters. A name does for an id; the server's instructions say so once, not sixty schemas. */

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

/* Lists. The server's instructions tell the grammar of filter and order, once. */

export const limit = z.int().min(1).optional();
export const startAfter = text.optional();
export const order = texts.optional();
export const filter = texts.optional();
export const total = z.boolean().optional();
/** What pages follow: no two objects of a list share their name. */
export const byName = { fields: ['name'], unique: true };
/** Names of one account that may come again in another. */
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
/** A new object's short name; made from `fullname` when left out. */
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

/** An object whose fields the API leaves open. */
export const openObject = z.looseObject({});

/** Steps that a patch may have. */
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

/** A JSON Patch (RFC 6902), which every model knows. */
export const patch = abbreviated(patchOf(z.unknown()), steps);
/** A JSON Patch whose values may be secrets. */
export const secretPatch = abbreviated(patchOf(secret(z.unknown())), steps);
