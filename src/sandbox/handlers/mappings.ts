/*
 * Mappings: transforms that reshape connector data. transform.ts says what the sandbox can run.
 */
import type { Answer, Handlers, SandboxRequest, Stored } from '../model.ts';
import { listPage } from '../query.ts';
import { runMappings } from '../transform.ts';
import { applyPatch, replaceWhole } from '../write.ts';

/** Handlers of the mappings group. */
export const mappingsHandlers: Handlers = {
  mappings_list: (request) => {
    const mappings = request.world.collections.mapping.all().map(withoutData);
    return { status: 200, body: listPage(mappings, request, { allowTotal: true }) };
  },
  mappings_create: ({ world, body }) => {
    const given = body as { name?: string; fullname?: string; data: string };
    const mapping = world.collections.mapping.add({
      ...world.newNamed(given),
      organization_id: world.organization.id,
      data: given.data,
    });
    return { status: 200, body: { result: { mapping } } };
  },
  mappings_get: (request) => ({ status: 200, body: { result: mappingOf(request) } }),
  mappings_update: (request) =>
    change(request, replaceWhole(mappingOf(request), request.body, writing(request))),
  mappings_patch: (request) =>
    change(request, applyPatch(mappingOf(request), request.body, writing(request))),
  mappings_delete: (request) => {
    request.world.collections.mapping.remove(mappingOf(request).id);
    return { status: 204 };
  },
  mappings_apply: ({ world, body }) => {
    const { mappings, data } = body as { mappings: string[]; data: unknown };
    return { status: 200, body: { result: { mapping: runMappings(world, mappings, data) } } };
  },
};

function mappingOf({ world, params }: SandboxRequest): Stored {
  return world.collections.mapping.get(params.mappingId ?? '');
}

function writing({ world }: SandboxRequest) {
  return { world, validateAs: 'UpdateMappingRequest' };
}

function change({ world }: SandboxRequest, wanted: Stored): Answer {
  return { status: 200, body: { result: world.collections.mapping.replace(wanted) } };
}

function withoutData({ data: _data, ...base }: Stored): Record<string, unknown> {
  return base;
}
