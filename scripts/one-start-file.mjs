import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * Puts all that the start needs into one file. esbuild makes a file for each set of modules that the same entry points
 * reach, which cuts the start into more than twenty, and each costs some of a start's time. Here every module that is
 * loaded later also imports the start, which is there by then; so all that the start needs is reached by the same ones.
 * Without it a start takes 8 % longer (97 ms instead of 90), and 12 % more processor time.
 *
 * The build fails where the start is in more than that one file. It needs the metafile.
 *
 * @param {string} start absolute path of the module that the start begins with
 * @returns {import('esbuild').Plugin}
 */
export function oneStartFile(start) {
  return {
    name: 'one-start-file',
    setup({ initialOptions: { absWorkingDir }, onStart, onLoad, onEnd }) {
      let later = new Set();
      onStart(async () => {
        later = await loadedLater(start, absWorkingDir);
        later.delete(start);
      });
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (!later.has(path)) return undefined;
        const contents = `${await readFile(path, 'utf8')}\nimport ${JSON.stringify(start)};\n`;
        return { contents, loader: 'ts' };
      });
      onEnd(({ metafile }) => {
        const files = metafile ? filesOf(metafile.outputs, start) : [];
        const text = `The start is in ${files.length} files, and not in one: ${files.join(', ')}`;
        return { errors: files.length === 1 ? [] : [{ text }] };
      });
    },
  };
}

/** Modules that are imported dynamically. They are known before any is loaded, since some are imported at the start, too. */
async function loadedLater(start, absWorkingDir) {
  const { metafile } = await build({
    absWorkingDir,
    entryPoints: [start],
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    write: false,
    metafile: true,
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  const dynamic = imports.filter(({ kind, external }) => kind === 'dynamic-import' && !external);
  return new Set(dynamic.map(({ path }) => resolve(absWorkingDir, path)));
}

/** Files with code of modules among those that an entry point loads at once. esbuild has one for helpers of its own. */
function filesOf(outputs, start) {
  const entry = Object.keys(outputs).find((file) => isSame(outputs[file].entryPoint, start));
  const files = new Set(entry === undefined ? [] : [entry]);
  for (const file of files)
    for (const { path, kind, external } of outputs[file].imports)
      if (kind === 'import-statement' && !external) files.add(path);
  return [...files].filter((file) => Object.keys(outputs[file].inputs).length > 0);
}

/** Whether a path from the root of the project is that of a module. */
const isSame = (entryPoint, path) => entryPoint !== undefined && path.endsWith(`/${entryPoint}`);
