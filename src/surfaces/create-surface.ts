import type { View } from '../access/visibility.ts';
import type { SurfaceKind } from '../config/settings.ts';
import { createCompactSurface } from './compact/surface.ts';
import { createFullSurface } from './full.ts';
import type { Surface } from './surface.ts';

/** Creates the surface of a kind, for callers with a view. */
export function createSurface(kind: SurfaceKind, view: View): Surface {
  return kind === 'compact' ? createCompactSurface(view) : createFullSurface(view);
}
