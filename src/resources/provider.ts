import type { Pins } from '../access/pins.ts';
import type { Policy } from '../access/policy.ts';
import { isInToolsetFilter, isVisible } from '../access/visibility.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import type { RequestContext } from '../request-context.ts';
import {
  type Completion,
  type CompletionRequest,
  fixedResources,
  type ReadBy,
  type Resource,
  type ResourceContents,
  type ResourceTemplate,
  resourceTemplates,
  withoutOperation,
} from './definitions.ts';

/** The resources of a server. */
export interface ResourceProvider {
  readonly resources: readonly Resource[];
  readonly resourceTemplates: readonly ResourceTemplate[];
  /** @throws ResourceError */
  read(uri: string, context: RequestContext, cancelled: StopSignal): Promise<ResourceContents>;
  /** Values that complete an argument of a template; none for an unknown template or argument. */
  complete(request: CompletionRequest, context: RequestContext, cancelled: StopSignal): Promise<Completion>;
}

/** Synqly's OpenAPI documents and timeseries, as far as pins and policy allow. The code that reads them is loaded on first use. */
export function createResourceProvider(pins: Pins | undefined, policy: Policy): ResourceProvider {
  const visible = ({ operation }: ReadBy) =>
    isVisible(operation, pins) && isInToolsetFilter(operation, policy);
  return {
    resources: fixedResources.filter(visible).map(withoutOperation),
    resourceTemplates: resourceTemplates.filter(visible).map(withoutOperation),
    read: async (uri, context, cancelled) => {
      const { readResource } = await import('./read.ts');
      return readResource(uri, context, cancelled);
    },
    complete: async (request, context, cancelled) => {
      const { completeTemplate } = await import('./completion.ts');
      return completeTemplate(request, context, cancelled);
    },
  };
}
