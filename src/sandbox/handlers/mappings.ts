/* Mappings: transforms of connector data. transform.ts defines what the sandbox can run. */
import type { Answer, Handlers, SandboxRequest, Stored } from '../model.ts';
import { listPage } from '../query.ts';
import { runMappings } from '../transform.ts';
import { applyPatch, replaceWhole } from '../write.ts';

/** Handlers of the mappings group. */
export const mappingsHandlers: Handlers = {
  mappings_list: (request) => {
    const mappings = request.state.collections.mapping.all().map(withoutData);
    return { status: 200, body: listPage(mappings, request, { allowTotal: true }) };
  },
  mappings_create: ({ state, body }) => {
    const given = body as { name?: string; fullname?: string; data: string };
    const mapping = state.collections.mapping.add({
      ...state.newNamed(given),
      organization_id: state.organization.id,
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
    request.state.collections.mapping.remove(mappingOf(request).id);
    return { status: 204 };
  },
  mappings_apply: ({ state, body }) => {
    const { mappings, data } = body as { mappings: string[]; data: unknown };
    return { status: 200, body: { result: { mapping: runMappings(state, mappings, data) } } };
  },
};

function mappingOf({ state, params }: SandboxRequest): Stored {
  return state.collections.mapping.get(params.mappingId ?? '');
}

function writing({ state }: SandboxRequest) {
  return { state, validateAs: 'UpdateMappingRequest' };
}

function change({ state }: SandboxRequest, wanted: Stored): Answer {
  return { status: 200, body: { result: state.collections.mapping.replace(wanted) } };
}

function withoutData({ data: _data, ...base }: Stored): Record<string, unknown> {
  return base;
}
