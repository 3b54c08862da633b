/*
 * The fixed permission sets.
 */
import type { Handlers } from '../model.ts';
import { permissionSets } from '../permissions.ts';
import { notFound } from '../problem.ts';

/** Handlers of the permission sets group. */
export const permissionSetsHandlers: Handlers = {
  permissionset_list: () => ({ status: 200, body: { result: permissionSets } }),
  permissionset_get: ({ params }) => {
    const name = params.permissionsetId ?? '';
    const set = permissionSets.find((one) => one.name === name.toLowerCase());
    if (!set) throw notFound('permission_set', name);
    return { status: 200, body: { result: set } };
  },
};
