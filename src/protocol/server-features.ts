import type { ResourceProvider } from '../resources/provider.ts';
import type { Surface } from '../surfaces/surface.ts';

/** The features that a server offers to its client. */
export interface ServerFeatures {
  readonly surface: Surface;
  readonly resources: ResourceProvider;
}

/** The features of one caller. They may change while the permissions of its token are read. */
export interface FeatureSource {
  /** The features by what is known now. */
  current(): ServerFeatures;
  /** The features to list. Waits for a short time for permissions that are being read. */
  forList(): ServerFeatures | Promise<ServerFeatures>;
  /** Whether the permissions are known, or not needed: the lists may then be cached. */
  isSettled(): boolean;
  /** Calls the listener each time the listed features have changed. @returns removes the listener */
  onChange(listener: () => void): () => void;
}

/** Features that never change. */
export function fixedFeatures(features: ServerFeatures): FeatureSource {
  return {
    current: () => features,
    forList: () => features,
    isSettled: () => true,
    onChange: () => () => {},
  };
}
