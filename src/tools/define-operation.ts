import * as z from 'zod';
import type { PinRule } from './pin-rule.ts';
import { texts } from './schemas/fields.ts';

/** What an operation does to the organization. `destroy` cannot be taken back. */
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

/** Exactly one field for each placeholder of the path: one too few or too many does not compile. */
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
  /** What it can touch; pins go by it. */
  readonly pinRule: PinRule<Placeholder<Path>>;
  /** Whether sending it twice leaves the same state as sending it once. Follows from the method where left out. */
  readonly idempotent?: boolean;
  readonly title: string;
  /** One or two short sentences for a model. */
  readonly summary: string;
  readonly query?: Fields;
  /** Top-level fields of the JSON body, or `{ patch }` where the body is a JSON Patch. */
  readonly body?: Fields;
  /** The body's fields are sent inside a property of this name. */
  readonly bodyIn?: string;
  /** Arguments about what is shown of the answer; they are not sent. */
  readonly formatting?: Fields;
  /** Set for a list of objects. */
  readonly listing?: Listing;
  /** Where the answer holds secrets: dotted paths, `[]` for every item of a list. */
  readonly secrets?: readonly string[];
  /** Set when the call is made for the secret of its answer, and is of no use without. */
  readonly returnsSecret?: true;
  /** What is told of an object that was deleted, as dotted paths, where the rest of it is of no more use. */
  readonly deletedFields?: readonly string[];
  /** The vendor marks the operation as still in development. */
  readonly inDevelopment?: true;
}

/** How a list of objects is shown and paged through. */
export interface Listing {
  /** What one needs to choose the next step, as dotted paths. Names do for ids where they stand in the path. */
  readonly columns: readonly string[];
  /** Absent where the list has no pages, or nothing says how they follow each other. */
  readonly cursor?: Cursor;
}

/** What `start_after` takes: the values of the last row, joined by commas. */
export interface Cursor {
  readonly fields: readonly string[];
  /** Whether no two rows share it. */
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
  /** Arguments about what is shown of the answer; they are not sent. */
  readonly formatting: Fields;
  /** Set for a list of objects. */
  readonly listing: Listing | undefined;
  readonly secrets: readonly string[];
  readonly returnsSecret: boolean;
  /** What is told of an object that was deleted, as dotted paths; undefined for all of it. */
  readonly deletedFields: readonly string[] | undefined;
  readonly inDevelopment: boolean;
  /** PUT of a whole object: the call reads the current object and lays the given fields over it. */
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

const expectedUpdatedAt = z.string().optional().describe('As last read; stops if changed since');

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

/** The hints that follow from what an operation does; nobody writes them by hand. */
export function annotationsOf(operation: Pick<Operation, 'effect' | 'idempotent'>): Annotations {
  const { effect } = operation;
  return {
    readOnlyHint: effect === 'read',
    destructiveHint: effect === 'change' || effect === 'destroy',
    idempotentHint: operation.idempotent,
    openWorldHint: true,
  };
}
