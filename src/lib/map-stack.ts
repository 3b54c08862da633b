import type { SourceMap } from 'node:module';
import { fs } from './node-builtins.ts';

/*
 * A stack of the bundle names files of the bundle, with columns in lines as long as a book. Node maps stacks itself only
 * where it was told to before it loaded a module, which every start would pay for; here a map is read with the first
 * error that needs it.
 */

/** The folder of the bundle's files; nothing else is read, since a stack begins with a message that others may write. */
const folder = new URL('.', import.meta.url).href;

/** Places that were looked up. There are as many as lines of code that take part in an error. */
const places = new Map<string, string>();
const maxPlaces = 1_000;

/** A stack whose frames name the files and lines of the source, as far as there are source maps. Never throws. */
export function mapStack(stack: string): string {
  if (!stack.includes(folder)) return stack;
  const maps = new Map<string, SourceMap | undefined>();
  return stack
    .split('\n')
    .map((line) => mapFrame(line, maps))
    .join('\n');
}

function mapFrame(line: string, maps: Map<string, SourceMap | undefined>): string {
  const start = line.indexOf(folder);
  if (start < 0) return line;
  const place = line.slice(start).replace(/\)$/, '');
  const source = places.get(place) ?? lookUp(place, maps);
  if (source === undefined) return line;
  if (places.size >= maxPlaces) places.clear();
  places.set(place, source);
  return line.slice(0, start) + source + line.slice(start + place.length);
}

/** @param place `file:///folder/file.js:line:column` */
function lookUp(place: string, maps: Map<string, SourceMap | undefined>): string | undefined {
  const [, name, line, column] = /^([\w-]+\.js):(\d+):(\d+)$/.exec(place.slice(folder.length)) ?? [];
  if (name === undefined) return undefined;
  if (!maps.has(name)) maps.set(name, readMap(name));
  const entry = maps.get(name)?.findEntry(Number(line) - 1, Number(column) - 1);
  // Code that esbuild has added has an entry without a source.
  if (!entry || !('originalSource' in entry) || !entry.originalSource) return undefined;
  // From the root of the project, where `src` and `node_modules` are.
  const file = entry.originalSource.replace(/^(?:\.\.\/)+/, '');
  return `${file}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

function readMap(name: string): SourceMap | undefined {
  try {
    const { SourceMap } = process.getBuiltinModule('node:module');
    return new SourceMap(JSON.parse(fs.readFileSync(new URL(`${name}.map`, folder), 'utf8')));
  } catch {
    return undefined;
  }
}
