import * as z from 'zod';
import type { PinRule } from './pin-rule.ts';
import { texts } from './schemas/fields.ts';

/** What an operation does to the organization. `destroy` cannot be undone. */
export type Effect = 'read' | 'create' | 'change' | 'destroy';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The API's groups of operations; each has one catalogue file of the same name. */
export type Group =
  | 'accounts'
  | 'audit'
  | 'auth'
  | 'bridges'
  | 'capabilities'
  | 'credentials'
  | 'integration-points'
  | 'integrations'
  | 'mappings'
  | 'members'
  | 'meta'
  | 'operations'
  | 'organization'
  | 'organization-webhooks'
  | 'permission-sets'
  | 'roles'
  | 'status'
  | 'sub-orgs'
  | 'tokens';

/** Argument names with the zod field of each. */
export type Fields = Readonly<Record<string, z.ZodType>>;

type Placeholder<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

/** Exactly one field for each placeholder of the path. A missing or extra one does not compile. */
type Params<Path extends string, Given> = [Placeholder<Path>] extends [never]
  ? { readonly params?: never }
  : {
      readonly params: Given &
        Readonly<Record<Placeholder<Path>, z.ZodType>> &
        Readonly<Partial<Record<Exclude<keyof Given, Placeholder<Path>>, never>>>;
    };

interface Description<Path extends string> {
  /** The API's own operation id; also the tool's name. */
  readonly id: string;
  readonly group: Group;
  readonly method: Method;
  /** Path template of the API, its placeholders in snake_case. */
  readonly path: Path;
  readonly effect: Effect;
  /** Which objects it can affect, for pins. */
  readonly pinRule: PinRule<Placeholder<Path>>;
  /** Whether sending it twice has the same effect as sending it once. Defaults to what the method implies. */
  readonly idempotent?: boolean;
  readonly title: string;
  /** One or two short sentences for a model. */
  readonly summary: string;
  readonly query?: Fields;
  /** Top-level fields of the JSON body, or `{ patch }` where the body is a JSON Patch. */
  readonly body?: Fields;
  /** The body's fields are sent inside a property of this name. */
  readonly bodyIn?: string;
  /** Arguments that select what the result shows. They are not sent. */
  readonly formatting?: Fields;
  /** Other names of the argument `search`, each with what the list must be expanded by to find the words. */
  readonly searchNames?: Readonly<Record<string, readonly string[]>>;
  /** Set for a list of objects. */
  readonly listing?: Listing;
  /** Places of secrets in the response: dotted paths, `[]` for every item of a list. */
  readonly secrets?: readonly string[];
  /** Set if the purpose of the call is the secret in its response. */
  readonly returnsSecret?: true;
  /** The fields of a deleted object that the result shows, as dotted paths. All by default. */
  readonly deletedFields?: readonly string[];
  /** Set if Synqly marks the operation as in development. */
  readonly inDevelopment?: true;
}

/** How a list of objects is shown and paged through. */
export interface Listing {
  /** The fields that are shown by default, as dotted paths. The id is not among them if paths also take the name. */
  readonly columns: readonly string[];
  /** Absent if the list has no pages, or if its cursor is not documented. */
  readonly cursor?: Cursor;
}

/** The fields whose values in the last row, joined by commas, are the next `start_after`. */
export interface Cursor {
  readonly fields: readonly string[];
  /** Whether no two rows have the same value. */
  readonly unique: boolean;
}

/** One call of the Management API, described as data. */
export interface Operation {
  readonly id: string;
  readonly group: Group;
  readonly method: Method;
  readonly path: string;
  readonly effect: Effect;
  readonly pinRule: PinRule;
  readonly idempotent: boolean;
  readonly title: string;
  readonly summary: string;
  readonly params: Fields;
  readonly query: Fields;
  readonly body: Fields | undefined;
  readonly bodyIn: string | undefined;
  /** Arguments that select what the result shows. They are not sent. */
  readonly formatting: Fields;
  /** Other names of the argument `search`, each with what the list must be expanded by to find the words. */
  readonly searchNames: Readonly<Record<string, readonly string[]>> | undefined;
  /** Set for a list of objects. */
  readonly listing: Listing | undefined;
  readonly secrets: readonly string[];
  readonly returnsSecret: boolean;
  /** The fields of a deleted object that the result shows, as dotted paths; undefined for all. */
  readonly deletedFields: readonly string[] | undefined;
  readonly inDevelopment: boolean;
  /** PUT of a whole object: the call reads the current object and merges the given fields into it. */
  readonly replacesWhole: boolean;
  /** All arguments, flat and strict. */
  readonly input: z.ZodObject;
}

/** The four behaviour hints of the MCP specification (2025-11-25, ToolAnnotations). */
export interface Annotations {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

const expectedUpdatedAt = z.string().optional().describe('Fails unless the object still has this value');

/** Describes one operation. The placeholders of `path` and the keys of `params` must agree. */
export function defineOperation<const Path extends string, Given>(
  description: Description<Path> & Params<Path, Given>,
): Operation {
  const { method, effect, body } = description;
  const params: Fields = description.params ?? {};
  const query = description.query ?? {};
  const { listing } = description;
  const formatting = { ...description.formatting, ...(listing && { fields: texts.optional() }) };
  const replacesWhole = method === 'PUT' && body !== undefined;
  const precondition = replacesWhole ? { updated_at: expectedUpdatedAt } : {};
  return {
    ...description,
    params,
    query,
    formatting,
    searchNames: description.searchNames,
    listing,
    body,
    bodyIn: description.bodyIn,
    idempotent: description.idempotent ?? (effect === 'read' || method === 'PUT' || method === 'DELETE'),
    secrets: description.secrets ?? [],
    returnsSecret: description.returnsSecret ?? false,
    deletedFields: description.deletedFields,
    inDevelopment: description.inDevelopment ?? false,
    replacesWhole,
    input: z.strictObject({ ...params, ...query, ...formatting, ...body, ...precondition }),
  };
}

/** The behaviour hints of an operation, derived from its effect. */
export function annotationsOf(operation: Pick<Operation, 'effect' | 'idempotent'>): Annotations {
  const { effect } = operation;
  return {
    readOnlyHint: effect === 'read',
    destructiveHint: effect === 'change' || effect === 'destroy',
    idempotentHint: operation.idempotent,
    openWorldHint: true,
  };
}
