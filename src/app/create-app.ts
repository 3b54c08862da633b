import { createInputStates, type InputStates } from '../access/input-states.ts';
import { createConfirmations } from '../access/pending-confirmations.ts';
import type { View } from '../access/visibility.ts';
import type { Config } from '../config/load-config.ts';
import type { SurfaceKind } from '../config/settings.ts';
import type { AuditLog } from '../observability/audit-log.ts';
import type { Log } from '../observability/logger.ts';
import type { ServerFeatures } from '../protocol/server-features.ts';
import { createRequestContext, type RequestContext, type RequestContextOptions } from '../request-context.ts';
import { createResourceProvider } from '../resources/provider.ts';
import type { SecretStore } from '../secrets/store.ts';
import { createSkillProvider } from '../skills/provider.ts';
import { createSurface } from '../surfaces/create-surface.ts';

/** What all callers of a process share. */
export interface Shared {
  readonly log: Log;
  readonly secrets: SecretStore;
  readonly auditLog: AuditLog;
  /** The states of a caller's questions; by default sealed with a random key. */
  readonly inputStates?: (caller: string) => InputStates;
}

/** What belongs to one caller. */
export interface CallerOptions
  extends Pick<
    RequestContextOptions,
    'open' | 'knownTokens' | 'pins' | 'policy' | 'permissions' | 'caller' | 'byMcpToken' | 'onCall'
  > {
  /** Owner of pending confirmations: only the caller who made a call can confirm it. */
  readonly confirmationsOf: string;
}

/** A configured server. */
export interface App {
  /** The context of one caller's requests. */
  createContext(caller: CallerOptions): RequestContext;
  /** The tools, resources and skills for this view, on the configured surface unless another is given. */
  featuresFor(view: View, surface?: SurfaceKind): ServerFeatures;
}

/** The composition root: turns settings into a server, for every transport and for measurements. */
export function createApp(config: Config, shared: Shared): App {
  const { log, secrets, auditLog } = shared;
  const timeoutMs = config.confirmWithin.value;
  // Callers over HTTP are on other machines.
  const outputDirectory = config.transport.value === 'stdio' ? config.outputDir.value : undefined;
  const confirmations = createConfirmations(timeoutMs);
  const inputStates = shared.inputStates ?? createInputStates({ timeoutMs });
  return {
    createContext: ({ confirmationsOf, ...caller }) =>
      createRequestContext({
        ...caller,
        log,
        secrets,
        auditLog,
        pendingCalls: confirmations(confirmationsOf),
        inputStates: inputStates(confirmationsOf),
        timeout: config.timeout.value,
        maxResultTokens: config.maxResultTokens.value,
        revealSecrets: config.revealSecrets.value,
        sandbox: config.sandbox.value,
        toolMeta: config.toolMeta.value === 'on',
        outputDirectory,
      }),
    featuresFor: ({ pins, policy, permissions }, kind = config.surface.value) => {
      const surface = createSurface(
        kind,
        { pins, policy, permissions, savesFiles: outputDirectory !== undefined },
        { toolMeta: config.toolMeta.value === 'on' },
      );
      return {
        surface,
        resources: createResourceProvider(pins, policy),
        skills: createSkillProvider({ policy, permissions }, surface.toolCall),
      };
    },
  };
}
