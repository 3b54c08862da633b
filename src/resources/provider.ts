import type { Pins } from '../access/pins.ts';
import type { Policy } from '../access/policy.ts';
import { isSelected, isServed } from '../access/visibility.ts';
import type { Session } from '../request-context.ts';
import {
  type Completion,
  type CompletionRequest,
  fixedResources,
  type Reads,
  type Resource,
  type ResourceContents,
  type ResourceTemplate,
  resourceTemplates,
  withoutOperation,
} from './definitions.ts';

/** What a server offers as resources. */
export interface ResourceRoom {
  readonly resources: readonly Resource[];
  readonly resourceTemplates: readonly ResourceTemplate[];
  /** @throws ResourceError */
  read(uri: string, session: Session, cancelled: AbortSignal): Promise<ResourceContents>;
  /** Values that complete an argument of a template; none for an unknown template or argument. */
  complete(request: CompletionRequest, session: Session, cancelled: AbortSignal): Promise<Completion>;
}

/** Synqly's documents and timeseries, as far as pins and policy leave them. What reads them is loaded when it is used. */
export function synqlyResources(pins: Pins | undefined, policy: Policy): ResourceRoom {
  const served = ({ operation }: Reads) => isServed(operation, pins) && isSelected(operation, policy);
  return {
    resources: fixedResources.filter(served).map(withoutOperation),
    resourceTemplates: resourceTemplates.filter(served).map(withoutOperation),
    read: async (uri, session, cancelled) => {
      const { readResource } = await import('./read.ts');
      return readResource(uri, session, cancelled);
    },
    complete: async (request, session, cancelled) => {
      const { completeTemplate } = await import('./completion.ts');
      return completeTemplate(request, session, cancelled);
    },
  };
}
