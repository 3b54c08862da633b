import { readFile } from 'node:fs/promises';

/**
 * Puts all that the start needs into one file. esbuild makes a file for each set of modules that the same entry points
 * reach, which cuts the start into more than twenty, and each costs some of a start's time. Here every module that is
 * loaded later also imports the start, which is there by then; so all that the start needs is reached by the same ones.
 *
 * @param start absolute path of the module that the start begins with
 */
export function oneStartFile(start) {
  const later = new Set();
  return {
    name: 'one-start-file',
    setup(build) {
      build.onResolve({ filter: /^\./ }, async ({ path, kind, resolveDir, pluginData }) => {
        if (kind !== 'dynamic-import' || pluginData === later) return undefined;
        const resolved = await build.resolve(path, { kind, resolveDir, pluginData: later });
        if (resolved.path !== start && resolved.path.endsWith('.ts')) later.add(resolved.path);
        return resolved;
      });
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (!later.has(path)) return undefined;
        const contents = `${await readFile(path, 'utf8')}\nimport ${JSON.stringify(start)};\n`;
        return { contents, loader: 'ts' };
      });
    },
  };
}
