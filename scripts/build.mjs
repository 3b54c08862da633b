import { chmod, cp, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { collectNotices } from './notices.mjs';

/*
 * One bundle, split at every dynamic import: what listing the tools needs is one file, and the HTTP client,
 * the sandbox and the terminal's log format are files of their own that load when they are used.
 */
const root = new URL('..', import.meta.url);
const dist = new URL('dist/', root);

await rm(dist, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: new URL('.', root).pathname,
  entryPoints: { cli: 'src/cli.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.18',
  chunkNames: 'chunks/[name]-[hash]',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  banner: {
    // Bundled CommonJS packages call require() for Node's own modules, which ES modules do not have.
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
await cp(new URL('src/sandbox/facts/', root), new URL('facts/', dist), { recursive: true });
await writeFile(
  new URL('THIRD-PARTY-NOTICES.txt', dist),
  await collectNotices(root, Object.keys(metafile.inputs)),
);
await chmod(new URL('cli.js', dist), 0o755);
