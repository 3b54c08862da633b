/*
 * Integrations. integration-plan.ts checks their input, provider-trial.ts their providers. Reads show references in
 * place of secrets.
 */
import { referencesIn, removeCredential, removeCredentialsOf } from '../credential-store.ts';
import { componentFields, expands } from '../expand.ts';
import { managedFields } from '../facts.ts';
import { adoptCredentials, type IntegrationPlan, planIntegration } from '../integration-plan.ts';
import { knownFields } from '../known-fields.ts';
import type { Answer, Handlers, SandboxRequest, SandboxState, Stored } from '../model.ts';
import { badRequest, forbidden, toBody } from '../problem.ts';
import { checkProvider, recordCheck } from '../provider-trial.ts';
import { listPage } from '../query.ts';
import { removeJobsOf, syncJobs } from '../schedules.ts';
import { accountOf, integrationOf, reachableIntegrations } from '../targets.ts';
import { applyPatch, replaceWhole, type WriteOptions } from '../write.ts';

type Fields = Record<string, unknown>;

/** Handlers of the integrations group. */
export const integrationsHandlers: Handlers = {
  integrations_list: (request) => list(request, reachableIntegrations(request)),
  integrations_list_account: (request) => {
    const account = accountOf(request);
    return list(request, reachableIntegrations(request, account.id));
  },
  integrations_get: (request) => ({ status: 200, body: { result: integrationOf(request).integration } }),
  integrations_create: create,
  integrations_update: (request) => {
    const { account, integration } = integrationOf(request);
    return change(
      request,
      account,
      integration,
      replaceWhole(integration, request.body, writing(request.state)),
    );
  },
  integrations_patch: (request) => {
    const { account, integration } = integrationOf(request);
    return change(
      request,
      account,
      integration,
      applyPatch(integration, request.body, writing(request.state)),
    );
  },
  integrations_delete: (request) => {
    removeIntegration(request.state, integrationOf(request).integration);
    return { status: 204 };
  },
  integrations_verify: verify,
};

/** Removes an integration with its tokens, credentials, jobs and status. */
export function removeIntegration(state: SandboxState, integration: Stored): void {
  state.collections.integration.remove(integration.id);
  state.tokens.removeOf(integration.id);
  removeCredentialsOf(state, integration.id);
  removeJobsOf(state, integration.id);
  state.usage.close(integration.id);
}

function list(request: SandboxRequest, integrations: readonly Stored[]): Answer {
  const { account, integration_point: points } = request.state.collections;
  const accounts = expands(request, 'account');
  const withPoints = expands(request, 'integration_point');
  const owner = (one: Stored) => account.get(one.account_id as string);
  const point = (one: Stored) => points.find(String(one.integration_point_id ?? ''));
  const items = integrations.map((one) => ({
    ...one,
    ...(accounts && { account: owner(one) }),
    ...(withPoints && point(one) && { integration_point: point(one) }),
  }));
  const body = listPage(items, request, {
    allowTotal: true,
    filterable: {
      environment: (one) => owner(one).environment,
      ...(accounts && componentFields('account', ['name', 'fullname', 'environment'])),
      ...(withPoints && componentFields('integration_point', ['name', 'fullname', 'connector'])),
    },
  });
  return { status: 200, body };
}

function create(request: SandboxRequest): Answer {
  const { state } = request;
  const account = accountOf(request);
  const body = knownFields('CreateIntegrationRequest', request.body);
  const plan = planIntegration(state, account, body);
  const { refusal, warning } = checkProvider(plan);
  if (refusal?.kind === 'unreachable') throw refusal.problem;

  const wanted: Stored = {
    ...body,
    ...state.newNamed(body),
    refresh_token_id: '',
    account_id: account.id,
    category: plan.provider.category,
    ...plannedFields(state, plan, body),
  };
  if (!request.reaches('integration', wanted))
    throw forbidden(`The token does not cover ${plan.provider.category} integrations of this account.`);
  const added = state.collections.integration.add(wanted);
  const credentials = adoptCredentials(plan, added);
  const { id, name } = added;
  const token = state.tokens.issueDefault({ id, type: 'integration', name });
  const integration = state.collections.integration.replace({ ...added, refresh_token_id: token.id });
  syncJobs(state, integration);
  state.usage.open(id);
  if (!warning) recordCheck(state, id, refusal);

  const problem = refusal?.problem ?? warning;
  return {
    status: 200,
    body: {
      result: {
        integration,
        token: token.primary,
        ...(credentials.length > 0 && { credentials_created: credentials }),
      },
      ...(problem && { messages: { problems: [toBody(problem, state)] } }),
    },
  };
}

function change(request: SandboxRequest, account: Stored, current: Stored, wanted: Stored): Answer {
  const { state } = request;
  const plan = planIntegration(state, account, wanted, { current });
  if (plan.provider.category !== current.category)
    throw badRequest(`The integration is for ${current.category}, and stays so.`, {
      detail: `${plan.provider.id} is for ${plan.provider.category}.`,
      remediation: `Use another ${current.category} provider, or create a new integration.`,
      parameter: { id: '/provider_config/type', location: 'body', value: plan.provider.id },
    });
  const next = { ...wanted, ...plannedFields(state, plan, wanted) };
  const integration = state.collections.integration.replace(next);
  const credentials = adoptCredentials(plan, integration, current);
  removeUnused(state, integration);
  syncJobs(state, integration);
  const { refusal, warning } = checkProvider(plan);
  if (!warning) recordCheck(state, integration.id, refusal);
  return {
    status: 200,
    body: { result: integration, ...(credentials.length > 0 && { credentials_created: credentials }) },
  };
}

function verify(request: SandboxRequest): Answer {
  const { state } = request;
  const account = accountOf(request);
  const body = (request.body as { integration: Fields }).integration;
  // Credentials that other integrations of the account own are allowed too, as when an existing one is verified.
  const owners = state.collections.integration.all(account.id).map(({ id }) => id);
  const plan = planIntegration(state, account, body, { owners, root: '/integration' });
  const { refusal, warning } = checkProvider(plan);
  const known = state.collections.integration.find(String(body.name ?? ''), account.id);
  if (known && !warning) recordCheck(state, known.id, refusal);
  if (refusal) throw refusal.problem;
  return { status: 200, body: warning ? { messages: { problems: [toBody(warning, state)] } } : {} };
}

// The object shares the plan's configuration, so that adoptCredentials puts its references there.
function plannedFields(state: SandboxState, plan: IntegrationPlan, body: Fields): Fields {
  const { provider, point, bridge, schedules } = plan;
  return {
    provider_config: plan.config,
    provider_type: provider.id,
    provider_fullname: provider.title,
    ...(point && { integration_point_id: point.id }),
    ...(bridge && { bridge_selector: bridge.selector }),
    ...(Array.isArray(schedules) && { scheduled_operations: schedules }),
    ...(isObject(body.webhook_config) && { webhook_config: withKeys(state, body.webhook_config) }),
  };
}

function withKeys(state: SandboxState, config: Fields): Fields {
  const items = config.items as Fields[];
  return {
    ...config,
    items: items.map((item) => ({ ...item, integrator_key: item.integrator_key ?? state.newSecret(32) })),
  };
}

function removeUnused(state: SandboxState, integration: Stored): void {
  const used = new Set(referencesIn(integration.provider_config));
  for (const { id, managed } of state.collections.credential.all(integration.id))
    if (managed === 'Managed' && !used.has(id)) removeCredential(state, id);
}

// provider_type and provider_fullname follow provider_config, whatever the body says of them.
function writing(state: SandboxState): WriteOptions {
  const validateAs = 'UpdateIntegrationRequest';
  const managed = managedFields(validateAs).filter((name) => !name.startsWith('provider_'));
  return { state, validateAs, managed, dropped: ['account', 'integration_point'] };
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
