import type { Pins } from '../pins.ts';
import type { Policy } from '../policy.ts';
import type { SurfaceKind } from '../settings.ts';
import { createCompactSurface } from './compact.ts';
import { createFullSurface } from './full.ts';
import type { Surface } from './surface.ts';

/** The surface of this kind, for sessions with pins of that kind. */
export function createSurface(kind: SurfaceKind, pins: Pins | undefined, policy: Policy): Surface {
  return kind === 'compact' ? createCompactSurface(pins, policy) : createFullSurface(pins, policy);
}
