/*
 * Webhooks of the organization. The signing secret becomes a credential that the webhook owns.
 */
import { removeCredentialsOf, storeCredential } from '../credential-store.ts';
import type { Answer, Handlers, SandboxRequest, Stored } from '../model.ts';
import { badRequest } from '../problem.ts';
import { listPage } from '../query.ts';
import { applyPatch, replaceWhole } from '../write.ts';

interface NewWebhook {
  readonly name?: string;
  readonly fullname?: string;
  readonly environment?: string;
  readonly filters: readonly string[];
  readonly url: string;
  readonly secret: { readonly value: string; readonly expires?: string };
}

/** Handlers of the organization webhooks group. */
export const organizationWebhooksHandlers: Handlers = {
  organizationWebhooks_list: (request) => {
    const webhooks = request.state.collections.organization_webhook.all();
    return { status: 200, body: listPage(webhooks, request) };
  },
  organizationWebhooks_create: ({ state, body }) => {
    const { name, fullname, environment = 'prod', filters, url, secret } = body as NewWebhook;
    checkUrl(url);
    const webhooks = state.collections.organization_webhook;
    const named = state.newNamed({ name, fullname });
    const added = webhooks.add({ ...named, environment, filters, url, credential_id: '' });
    const credential = storeCredential(
      state,
      { type: 'organization_webhook', id: added.id },
      {
        name: `${added.name}-secret`,
        fullname: `Signing secret of ${String(added.fullname)}`,
        config: { type: 'secret', secret: secret.value },
        expires: secret.expires,
        managed: true,
      },
    );
    const webhook = webhooks.replace({ ...added, credential_id: credential.id });
    return { status: 200, body: { result: webhook } };
  },
  organizationWebhooks_get: (request) => ({ status: 200, body: { result: webhookOf(request) } }),
  organizationWebhooks_update: (request) =>
    change(request, replaceWhole(webhookOf(request), request.body, writing(request))),
  organizationWebhooks_patch: (request) =>
    change(request, applyPatch(webhookOf(request), request.body, writing(request))),
  organizationWebhooks_delete: (request) => {
    const { state } = request;
    const { id } = webhookOf(request);
    state.collections.organization_webhook.remove(id);
    removeCredentialsOf(state, id);
    return { status: 204 };
  },
};

function webhookOf({ state, params }: SandboxRequest): Stored {
  return state.collections.organization_webhook.get(params.webhookId ?? '');
}

function writing({ state }: SandboxRequest) {
  return { state, validateAs: 'UpdateOrganizationWebhookRequest' };
}

function change({ state }: SandboxRequest, wanted: Stored): Answer {
  checkUrl(String(wanted.url));
  const id = String(wanted.credential_id);
  const credential = state.collections.credential.find(id, wanted.id);
  if (!credential)
    throw badRequest(`The webhook has no credential "${id}".`, {
      remediation:
        'Create a credential with owner_type organization_webhook and this webhook as its owner first.',
      parameter: { id: '/credential_id', location: 'body', value: id },
    });
  const webhook = state.collections.organization_webhook.replace({ ...wanted, credential_id: credential.id });
  return { status: 200, body: { result: webhook } };
}

function checkUrl(url: string): void {
  if (URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)) return;
  throw badRequest('The url of a webhook must be an http or https URL.', {
    parameter: { id: '/url', location: 'body', value: url },
  });
}
