import type { Session } from '../session.ts';
import {
  type Completion,
  type CompletionRequest,
  fixedResources,
  integrationTimeseries,
  type Resource,
  type ResourceContents,
  type ResourceTemplate,
  withoutOperation,
} from './resources.ts';

/** What a server offers as resources. */
export interface ResourceRoom {
  readonly resources: readonly Resource[];
  readonly resourceTemplates: readonly ResourceTemplate[];
  /** @throws ResourceError */
  read(uri: string, session: Session, cancelled: AbortSignal): Promise<ResourceContents>;
  /** Values that complete an argument of a template; none for an unknown template or argument. */
  complete(request: CompletionRequest, session: Session, cancelled: AbortSignal): Promise<Completion>;
}

/** Synqly's documents and timeseries. What reads them is loaded when it is used. */
export const synqlyResources: ResourceRoom = {
  resources: fixedResources.map(withoutOperation),
  resourceTemplates: [withoutOperation(integrationTimeseries)],
  read: async (uri, session, cancelled) => {
    const { readResource } = await import('./read.ts');
    return readResource(uri, session, cancelled);
  },
  complete: async (request, session, cancelled) => {
    const { completeTemplate } = await import('./completion.ts');
    return completeTemplate(request, session, cancelled);
  },
};
