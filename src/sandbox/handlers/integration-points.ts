/*
 * Integration points: which providers end users may choose, by environment.
 */
import { removeCredentialsOf } from '../credential-store.ts';
import { knownFields } from '../known-fields.ts';
import type { Answer, Handlers, SandboxRequest, SandboxState, Stored } from '../model.ts';
import { badRequest, conflict, type Resource } from '../problem.ts';
import { findProvider, listProviders } from '../providers.ts';
import { listPage } from '../query.ts';
import { checkSchedules } from '../schedules.ts';
import { applyPatch, replaceWhole } from '../write.ts';

type Fields = Record<string, unknown>;

const environments = ['test', 'prod'] as const;

/** Handlers of the integration points group. */
export const integrationPointsHandlers: Handlers = {
  integrationPoints_list: (request) => {
    const points = request.state.collections.integration_point.all();
    return { status: 200, body: listPage(points, request, { allowTotal: true }) };
  },
  integrationPoints_get: (request) => ({ status: 200, body: { result: pointOf(request) } }),
  integrationPoints_create: ({ state, body }) => {
    const given = knownFields('CreateIntegrationPointRequest', body);
    checkPoint(given, state);
    const point = { ...given, ...state.newNamed(given) };
    return { status: 200, body: { result: state.collections.integration_point.add(point) } };
  },
  integrationPoints_update: (request) => {
    const current = pointOf(request);
    return change(request, current, replaceWhole(current, request.body, writing(request.state)));
  },
  integrationPoints_patch: (request) => {
    const current = pointOf(request);
    return change(request, current, applyPatch(current, request.body, writing(request.state)));
  },
  integrationPoints_delete: (request) => {
    const { state } = request;
    const point = pointOf(request);
    const users = usersOf(state, point);
    if (users.length > 0)
      throw conflict(`Integrations use the integration point "${point.name}".`, {
        detail: `${users.length} integrations were made with it.`,
        remediation: 'Delete those integrations first, or give them another integration point.',
        resources: users,
      });
    removeCredentialsOf(state, point.id);
    state.collections.integration_point.remove(point.id);
    return { status: 204 };
  },
};

function pointOf({ state, params }: SandboxRequest): Stored {
  return state.collections.integration_point.get(params.integrationPointId ?? '');
}

function writing(state: SandboxState) {
  return { state, validateAs: 'UpdateIntegrationPointRequest' };
}

function change({ state }: SandboxRequest, current: Stored, wanted: Stored): Answer {
  checkPoint(wanted, state);
  const users = usersOf(state, current);
  if (wanted.connector !== current.connector && users.length > 0)
    throw conflict(`Integrations use the integration point "${current.name}" with ${current.connector}.`, {
      remediation: 'Create another integration point for the other connector.',
      resources: users,
    });
  return { status: 200, body: { result: state.collections.integration_point.replace(wanted) } };
}

function usersOf(state: SandboxState, point: Stored): Resource[] {
  return state.collections.integration
    .all()
    .filter((one) => one.integration_point_id === point.id)
    .map(({ id }) => ({ type: 'integration', id, rel: 'affected' }));
}

function checkPoint(point: Fields, state: SandboxState): void {
  const connector = String(point.connector);
  const allowed = point.environments as Record<string, string[] | null | undefined>;
  if (environments.every((environment) => !allowed[environment]))
    throw badRequest('At least one environment must be given.', {
      remediation: 'List the allowed providers under environments.test or environments.prod; `*` allows all.',
      parameter: { id: '/environments', location: 'body', value: allowed },
    });
  for (const environment of environments)
    checkProviders(allowed[environment], connector, `/environments/${environment}`);
  for (const field of ['mappings', 'additional_mappings'])
    ((point[field] ?? []) as { providers: string[] }[]).forEach(({ providers }, index) => {
      checkProviders(providers, connector, `/${field}/${index}/providers`);
    });
  checkSchedules(point.scheduled_operations, connector, state.now());
}

function checkProviders(ids: readonly string[] | null | undefined, connector: string, place: string): void {
  ids?.forEach((id, index) => {
    if (id === '*' || findProvider(id)?.category === connector) return;
    const fitting = listProviders().filter(({ category }) => category === connector);
    throw badRequest(`${id} is not a provider of the ${connector} connector.`, {
      parameter: { id: `${place}/${index}`, location: 'body', value: id },
      remediation: `Use * or one of: ${fitting.map((provider) => provider.id).join(', ')}.`,
    });
  });
}
