import type { JsonObject } from '../../lib/json.ts';
import { findOperation } from '../catalogue.ts';
import type { WorkflowRequest } from './define-workflow.ts';
import { textOf, timeOf } from './values.ts';

/** A change to an object, from the audit trail. */
export interface AuditedChange {
  readonly at: number;
  /** The kind of object, as the path names it: `integrations`, `credentials`. */
  readonly kind: string;
  /** The steps of the path behind the kind. */
  readonly steps: readonly string[];
  readonly verb: 'created' | 'changed' | 'deleted';
  readonly memberId: string | undefined;
  readonly integrationId: string | undefined;
}

const verbs: Readonly<Record<string, AuditedChange['verb']>> = {
  POST: 'created',
  PUT: 'changed',
  PATCH: 'changed',
  DELETE: 'deleted',
};

/** Entries of the audit trail to read at most, for each kind of object. */
const maxEntries = 2_000;

/**
 * The successful changes to objects since a time, oldest first.
 *
 * @param getters the operations that get objects of these kinds
 */
export async function readChanges(
  { getRows, noteNotRead }: WorkflowRequest,
  getters: readonly string[],
  since: number,
): Promise<readonly AuditedChange[]> {
  const lists = await Promise.all(
    getters.map(async (getter) => {
      const filter = [
        `path[like]${pathBefore(getter)}%`,
        `method[in]${Object.keys(verbs).join(',')}`,
        `created_at[gte]${new Date(since).toISOString()}`,
      ];
      const rows = (await getRows('audit_list', { filter }, { maxRows: maxEntries })) ?? [];
      if (rows.length >= maxEntries)
        noteNotRead('audit_list', `only the first ${maxEntries} changes were read`);
      return rows.flatMap(readChange);
    }),
  );
  return lists.flat().sort((one, other) => one.at - other.at);
}

function readChange(entry: JsonObject): readonly AuditedChange[] {
  const at = timeOf(entry.created_at);
  const verb = verbs[String(entry.method)];
  const [kind, ...steps] = String(entry.path).split('?')[0]?.split('/').slice(2).map(decodeStep) ?? [];
  // A check changes nothing, and a refused call neither.
  const isChange = steps.at(-1) !== 'verify' && Number(entry.code) < 400;
  if (at === undefined || !verb || kind === undefined || !isChange) return [];
  const [memberId, integrationId] = [textOf(entry.member_id), textOf(entry.integration_id)];
  return [{ at, kind, steps, verb, memberId, integrationId }];
}

/** The path of an operation up to its first parameter: `/v1/accounts/`. */
export function pathBefore(operationId: string): string {
  return findOperation(operationId)?.path.split('{')[0] ?? '';
}

/** The step of a path without its escapes. */
export function decodeStep(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

/** Names of members by their ids, as far as they can be read. */
export async function readMemberNames(request: WorkflowRequest): Promise<ReadonlyMap<string, string>> {
  const members = (await request.getRows('members_list', {})) ?? [];
  return new Map(members.flatMap(({ id, name }) => (id && name ? [[String(id), String(name)]] : [])));
}
