import type { TokenPermissions } from '../access/permissions.ts';
import type { PermissionsCache } from '../access/permissions-cache.ts';
import type { ResourceProvider } from '../resources/provider.ts';
import type { SkillProvider } from '../skills/provider.ts';
import type { Surface } from '../surfaces/surface.ts';

/** The features that a server offers to its client. */
export interface ServerFeatures {
  readonly surface: Surface;
  readonly resources: ResourceProvider;
  readonly skills: SkillProvider;
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

/** Features that follow the permissions of a token. Using them starts a read of the permissions when one is due. */
export function featuresByPermissions(
  permissions: PermissionsCache,
  featuresFor: (permissions: TokenPermissions | undefined) => ServerFeatures,
): FeatureSource {
  let basis = permissions.current;
  let features = featuresFor(basis);
  /** What clients were last answered, or told to list again. */
  let listed: ServerFeatures | undefined;
  let waitingLists = 0;
  let stopFollowing = () => {};
  const listeners = new Set<() => void>();

  const latest = (): ServerFeatures => {
    if (permissions.current !== basis) {
      basis = permissions.current;
      features = featuresFor(basis);
    }
    return features;
  };
  const list = (): ServerFeatures => {
    listed = latest();
    return listed;
  };
  const onRead = () => {
    const before = listed ?? features;
    const after = latest();
    // A list that waits is answered with the new features.
    const isFirstListWaiting = listed === undefined && waitingLists > 0;
    if (isFirstListWaiting || haveSameTools(before, after)) return;
    if (listed) listed = after;
    for (const listener of [...listeners]) listener();
  };

  return {
    current: () => {
      permissions.refresh();
      return latest();
    },
    forList: () => {
      permissions.refresh();
      const read = permissions.firstRead();
      if (!read) return list();
      waitingLists += 1;
      return read.then(() => {
        waitingLists -= 1;
        return list();
      });
    },
    isSettled: () => permissions.isSettled,
    onChange: (listener) => {
      if (listeners.size === 0) {
        latest();
        stopFollowing = permissions.onRead(onRead);
      }
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) stopFollowing();
      };
    },
  };
}

function haveSameTools({ surface: one }: ServerFeatures, { surface: other }: ServerFeatures): boolean {
  const isSame = one.tools.length === other.tools.length;
  return isSame && one.tools.every(({ name }, place) => name === other.tools[place]?.name);
}
