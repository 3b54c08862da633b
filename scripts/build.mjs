import { chmod, cp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { evaluateAtBuild } from './evaluate.mjs';
import { leaveOut } from './leave-out.mjs';
import { collectNotices } from './notices.mjs';
import { oneStartFile } from './one-start-file.mjs';
import { pureConstants } from './pure-constants.mjs';
import { undiciDispatchers } from './undici-dispatchers.mjs';

/*
 * One bundle, split at every dynamic import: what listing the tools needs is one file, and the HTTP client,
 * the sandbox and the terminal's log format are files of their own that load when they are used.
 */
const root = new URL('..', import.meta.url);
const dist = new URL('dist/', root);

await rm(dist, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: fileURLToPath(root),
  entryPoints: { program: 'src/cli/program.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.18',
  chunkNames: 'chunks/[name]-[hash]',
  minifySyntax: true,
  minifyWhitespace: true,
  minifyIdentifiers: false,
  legalComments: 'none',
  // src/lib/map-stack.ts reads them for the stack of an error.
  sourcemap: true,
  sourcesContent: false,
  plugins: [
    oneStartFile(fileURLToPath(new URL('src/cli/program.ts', root))),
    evaluateAtBuild(
      'src/tools/published.ts',
      'src/surfaces/compact/published.ts',
      'src/surfaces/compact/search/published-model.ts',
      'src/skills/published.ts',
    ),
    pureConstants(/@modelcontextprotocol\/sdk\/dist\/esm\/types\.js$/, 140),
    undiciDispatchers('src/synqly/dispatcher.ts'),
    leaveOut({
      // The SDK makes one at every start, for answers to elicitation, which this server checks itself.
      'validation/ajv-provider\\.js$': 'export class AjvJsonSchemaValidator {}',
      '^@modelcontextprotocol/server/_shims$':
        "export class DefaultJsonSchemaValidator {} export { default as process } from 'node:process';",
    }),
  ],
  // Its entry for Node is UMD, which cannot be bundled.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  metafile: true,
  logLevel: 'warning',
  banner: {
    // Bundled CommonJS packages call require() for Node's own modules, which ES modules do not have.
    js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);",
  },
});
const { engines } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
// What is started: it loads the program, in a Node that can read it.
await build({
  absWorkingDir: fileURLToPath(root),
  entryPoints: { cli: 'src/cli.ts' },
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node13.2',
  minify: true,
  define: { oldestNode: JSON.stringify(engines.node.replace('>=', '')) },
  plugins: [
    {
      name: 'program-apart',
      setup: ({ onResolve }) =>
        onResolve({ filter: /^\.\/cli\/program\.ts$/ }, () => ({ path: './program.js', external: true })),
    },
  ],
  logLevel: 'warning',
});
await cp(new URL('src/sandbox/facts/', root), new URL('facts/', dist), {
  recursive: true,
  filter: (path) => !path.endsWith('.md'),
});
await writeFile(
  new URL('THIRD-PARTY-NOTICES.txt', dist),
  await collectNotices(root, Object.keys(metafile.inputs)),
);
await chmod(new URL('cli.js', dist), 0o755);
