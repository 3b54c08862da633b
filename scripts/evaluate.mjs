import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/**
 * An esbuild plugin that runs modules at build time and bundles the values they export in their place. For modules
 * that export JSON and cost more to run than to parse.
 *
 * @param {string[]} modules their paths from the root of the project
 * @returns {import('esbuild').Plugin}
 */
export function evaluateAtBuild(...modules) {
  return {
    name: 'evaluate-at-build',
    setup({ initialOptions: { absWorkingDir }, onLoad }) {
      const filter = new RegExp(`/(?:${modules.map((module) => module.replaceAll('.', '\\.')).join('|')})$`);
      onLoad({ filter }, async ({ path }) => {
        const folder = await mkdtemp(join(tmpdir(), 'synqly-mcp-build-'));
        const outfile = join(folder, 'module.mjs');
        await build({
          absWorkingDir,
          entryPoints: [path],
          bundle: true,
          outfile,
          format: 'esm',
          platform: 'node',
          logLevel: 'warning',
        });
        const values = Object.entries(await import(pathToFileURL(outfile).href));
        await rm(folder, { recursive: true });
        return { contents: values.map(([name, value]) => exportJson(name, value)).join('') };
      });
    },
  };
}

/** JSON.parse of a string is read faster than the same value written as code. */
function exportJson(name, value) {
  if (JSON.stringify(value) === undefined)
    throw new Error(`${name} is no JSON, so that the build cannot evaluate it.`);
  return `export const ${name} = JSON.parse(${JSON.stringify(JSON.stringify(value))});\n`;
}
