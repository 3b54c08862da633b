/*
 * Status of integrations: counters, events and timeseries, as usage.ts keeps them.
 */
import { componentFields, expands } from '../expand.ts';
import type { Answer, Handlers, SandboxRequest, Stored } from '../model.ts';
import { badRequest } from '../problem.ts';
import { listPage } from '../query.ts';
import { integrationOf, reachableIntegrations } from '../targets.ts';

/** Handlers of the status group. */
export const statusHandlers: Handlers = {
  status_list: list,
  status_get: (request) => {
    const { integration } = integrationOf(request);
    return { status: 200, body: { result: describe(request, integration) } };
  },
  status_reset: (request) => {
    const { integration } = integrationOf(request);
    request.state.usage.reset(integration.id);
    return { status: 204 };
  },
  status_list_events: (request) => {
    const { account, integration } = integrationOf(request);
    const events = request.state.usage
      .events(integration.id)
      .map((event) => ({ account_id: account.id, integration_id: integration.id, ...event }));
    return { status: 200, body: listPage(events, request, { cursor: 'created_at', fixedOrder: true }) };
  },
  status_get_timeseries: (request) => {
    const ids = reachableIntegrations(request).map(({ id }) => id);
    return { status: 200, body: { result: request.state.usage.lastHour(ids) } };
  },
  status_get_integration_timeseries: (request) => {
    const { integration } = integrationOf(request);
    const interval = request.query.interval?.[0] ?? 'hour';
    if (interval !== 'hour')
      throw badRequest(`Unknown interval "${interval}".`, {
        remediation: 'Use hour, the only interval there is.',
        parameter: { id: 'interval', location: 'query', value: interval },
      });
    return { status: 200, body: { result: request.state.usage.lastDay([integration.id]) } };
  },
};

function list(request: SandboxRequest): Answer {
  const { account } = request.state.collections;
  const accounts = expands(request, 'account');
  const integrations = expands(request, 'integration');
  const items = reachableIntegrations(request).map((integration) => ({
    ...describe(request, integration),
    ...(accounts && { account: account.get(integration.account_id as string) }),
    ...(integrations && { integration }),
  }));
  const body = listPage(items, request, {
    cursor: ['account_id', 'integration_id'],
    filterable: {
      ...(accounts && componentFields('account', ['name', 'fullname', 'environment'])),
      ...(integrations && componentFields('integration', ['name', 'fullname', 'category', 'provider_type'])),
    },
  });
  return { status: 200, body };
}

function describe({ state }: SandboxRequest, integration: Stored) {
  return {
    account_id: integration.account_id,
    integration_id: integration.id,
    ...state.usage.counters(integration.id),
  };
}
