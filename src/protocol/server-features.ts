import type { ResourceProvider } from '../resources/provider.ts';
import type { Surface } from '../surfaces/surface.ts';

/** The features that a server offers to its client. */
export interface ServerFeatures {
  readonly surface: Surface;
  readonly resources: ResourceProvider;
}
