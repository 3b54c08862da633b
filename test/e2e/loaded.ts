import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { builtCli } from './support.ts';

/** The program itself: what is started only looks whether this Node can read it. */
export const firstFile = existsSync(join(dirname(builtCli), 'program.js')) ? 'program.js' : 'cli.js';

/** The built files that a start loads: those that are imported outright, from the first on. */
export function loadedAtStart(file = firstFile, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(join(dirname(builtCli), file), 'utf8');
  for (const [, path = ''] of text.matchAll(/(?:from|import)"(\.[^"]+\.js)"/g))
    loadedAtStart(join(dirname(file), path), seen);
  return seen;
}
