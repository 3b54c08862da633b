/* Checks of a provider's connection: with a planned integration, and with a stored one when its credential changes. */
import { secretOf } from './credential-store.ts';
import type { IntegrationPlan } from './integration-plan.ts';
import { contactProvider, type PresentedCredential, type Refusal } from './mock-provider.ts';
import type { SandboxState, Stored } from './model.ts';
import { ProblemError } from './problem.ts';
import { type CredentialSlot, checkProviderConfig } from './provider-config.ts';

/** The result of a connection check. */
export interface ConnectionCheck {
  readonly refusal: Refusal | undefined;
  /** Why the provider could not be reached; the integration may still be correct. */
  readonly warning: ProblemError | undefined;
}

/** Checks the provider with the planned configuration, through its bridge if it has one. */
export function checkProvider(plan: IntegrationPlan): ConnectionCheck {
  if (plan.bridge && !plan.bridge.connected) {
    const warning = new ProblemError(503, 'No agent of the selected bridge is connected.', {
      detail: `${plan.provider.title} was not contacted.`,
      remediation: 'Start an agent with the credential of the bridge, then verify the integration.',
      parameter: { id: '/bridge_selector', location: 'body' },
    });
    return { refusal: undefined, warning };
  }
  const presented = plan.slots.map(({ slot, stored }) => present(plan.state, slot, stored));
  return {
    refusal: contactProvider(plan.state, plan.provider, plan.config, presented),
    warning: undefined,
  };
}

/** Checks a stored integration again, and counts it as a request of the integration. */
export function recheckProvider(state: SandboxState, integration: Stored): void {
  const { provider, config, slots } = checkProviderConfig(integration.provider_config);
  const presented = slots.map((slot) =>
    present(state, slot, state.collections.credential.find(slot.reference ?? '')),
  );
  recordCheck(state, integration.id, contactProvider(state, provider, config, presented));
}

/** Counts a check as a request of the integration. */
export function recordCheck(state: SandboxState, integrationId: string, refusal: Refusal | undefined): void {
  state.usage.record(integrationId, refusal && (refusal.problem.details.rawError ?? refusal.problem.message));
}

function present(state: SandboxState, slot: CredentialSlot, stored: Stored | undefined): PresentedCredential {
  return {
    pointer: slot.pointer,
    values: slot.inline ?? secretOf(state, stored?.id ?? ''),
    expires: (stored?.expires ?? undefined) as string | undefined,
  };
}
