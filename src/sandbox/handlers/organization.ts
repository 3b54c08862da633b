/*
 * The organization that the bearer token belongs to.
 */
import { readDuration } from '../duration.ts';
import type { Answer, Handlers, SandboxRequest, Stored } from '../model.ts';
import { applyPatch, replaceWhole } from '../write.ts';

/** Handlers of the organization group. */
export const organizationHandlers: Handlers = {
  organization_get: ({ state }) => ({ status: 200, body: { result: state.organization } }),
  organization_update: (request) =>
    change(request, replaceWhole(request.state.organization, request.body, writing(request))),
  organization_patch: (request) =>
    change(request, applyPatch(request.state.organization, request.body, writing(request))),
};

function writing({ state }: SandboxRequest) {
  return { state, validateAs: 'UpdateOrganizationRequest' };
}

function change({ state }: SandboxRequest, wanted: Stored): Answer {
  checkOptions((wanted.options ?? {}) as Record<string, unknown>);
  state.organization = wanted;
  return { status: 200, body: { result: wanted } };
}

// Ranges from the descriptions of schema OrganizationOptions.
function checkOptions(options: Record<string, unknown>): void {
  const limits = { min: '24h', max: '168h' };
  readDuration(options.invite_duration, { pointer: '/options/invite_duration', fallback: '168h', ...limits });
  readDuration(options.forgot_duration, { pointer: '/options/forgot_duration', fallback: '24h', ...limits });
  readDuration(options.password_duration, {
    pointer: '/options/password_duration',
    fallback: '4320h',
    min: '24h',
    max: '8760h',
  });
}
