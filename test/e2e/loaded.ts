import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { builtCli } from './support.ts';

/** The built files that a start loads: those that are imported outright, from the first on. */
export function loadedAtStart(file = 'cli.js', seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(join(dirname(builtCli), file), 'utf8');
  for (const [, path = ''] of text.matchAll(/(?:from|import)"(\.[^"]+\.js)"/g))
    loadedAtStart(join(dirname(file), path), seen);
  return seen;
}
