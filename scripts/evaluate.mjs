import { build } from 'esbuild';

/**
 * An esbuild plugin that runs a module at build time and bundles the values it exports in its place. For modules
 * that export JSON and whose making costs more than their value.
 *
 * @param {string} module its path from the root of the project
 * @returns {import('esbuild').Plugin}
 */
export function evaluateAtBuild(module) {
  return {
    name: 'evaluate-at-build',
    setup({ initialOptions: { absWorkingDir }, onLoad }) {
      const filter = new RegExp(`${module.replaceAll('.', '\\.')}$`);
      onLoad({ filter }, async ({ path }) => {
        const { outputFiles } = await build({
          absWorkingDir,
          entryPoints: [path],
          bundle: true,
          write: false,
          format: 'esm',
          platform: 'node',
          logLevel: 'warning',
        });
        const source = Buffer.from(outputFiles[0].contents).toString('base64');
        const values = Object.entries(await import(`data:text/javascript;base64,${source}`));
        return { contents: values.map(([name, value]) => exportJson(name, value)).join('') };
      });
    },
  };
}

/** JSON.parse of a string is read faster than the same value written as code. */
function exportJson(name, value) {
  return `export const ${name} = JSON.parse(${JSON.stringify(JSON.stringify(value))});\n`;
}
