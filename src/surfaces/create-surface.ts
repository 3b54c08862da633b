import type { View } from '../access/visibility.ts';
import type { SurfaceKind } from '../config/settings.ts';
import type { Tool } from '../tools/tool.ts';
import { createCompactSurface } from './compact/surface.ts';
import { createFullSurface } from './full.ts';
import type { Surface } from './surface.ts';

/** How a surface is published. */
interface Publishing {
  /** Whether tools have their `_meta`. */
  readonly toolMeta: boolean;
}

/** Creates the surface of a kind, for callers with a view. */
export function createSurface(kind: SurfaceKind, view: View, { toolMeta }: Publishing): Surface {
  const surface = kind === 'compact' ? createCompactSurface(view) : createFullSurface(view);
  return toolMeta ? surface : { ...surface, tools: surface.tools.map(withoutMeta) };
}

function withoutMeta({ _meta, ...tool }: Tool): Tool {
  return tool;
}
