/*
 * Trying a provider out: with a planned integration, and again with a stored one when its credential changes.
 */
import { secretOf } from './credential-store.ts';
import type { IntegrationPlan } from './integration-plan.ts';
import { contactProvider, type PresentedCredential, type Refusal } from './mock-provider.ts';
import type { SandboxState, Stored } from './model.ts';
import { ProblemError } from './problem.ts';
import { type CredentialSlot, checkProviderConfig } from './provider-config.ts';

/** How a try of the provider went. */
export interface Trial {
  readonly refusal: Refusal | undefined;
  /** Why the provider could not be tried; the integration may be right all the same. */
  readonly warning: ProblemError | undefined;
}

/** Contacts the provider as the plan has it, through its bridge if it names one. */
export function tryProvider(plan: IntegrationPlan): Trial {
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

/** Tries a stored integration again, and counts the request as its own. */
export function retryProvider(state: SandboxState, integration: Stored): void {
  const { provider, config, slots } = checkProviderConfig(integration.provider_config);
  const presented = slots.map((slot) =>
    present(state, slot, state.collections.credential.find(slot.reference ?? '')),
  );
  recordTrial(state, integration.id, contactProvider(state, provider, config, presented));
}

/** Counts a try as a request of the integration. */
export function recordTrial(state: SandboxState, integrationId: string, refusal: Refusal | undefined): void {
  state.usage.record(integrationId, refusal && (refusal.problem.details.rawError ?? refusal.problem.message));
}

function present(state: SandboxState, slot: CredentialSlot, stored: Stored | undefined): PresentedCredential {
  return {
    pointer: slot.pointer,
    values: slot.inline ?? secretOf(state, stored?.id ?? ''),
    expires: (stored?.expires ?? undefined) as string | undefined,
  };
}
