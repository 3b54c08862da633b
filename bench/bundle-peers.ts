import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import * as precomputed from './peers/precomputed.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const peers = ['v1-stdio', 'v1-http', 'v2-stdio', 'v2-http', 'no-sdk-stdio', 'no-sdk-http'] as const;

/** The values of `peers/precomputed.ts` instead of the code that makes them. */
const withPrecomputed: Plugin = {
  name: 'precomputed',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/peers\/precomputed\.ts$/ }, () => ({
      contents: Object.entries(precomputed)
        .map(
          ([name, value]) => `export const ${name} = JSON.parse(${JSON.stringify(JSON.stringify(value))});`,
        )
        .join('\n'),
    })),
};

/**
 * Bundles each peer into one file, as the fastest servers of the field ship. The one without an SDK loads its HTTP client
 * over stdio from a second file.
 *
 * @returns the file of each
 */
export async function bundlePeers(): Promise<Readonly<Record<(typeof peers)[number], string>>> {
  const outdir = `${root}bench/.build/peers`;
  await Promise.all(
    peers.map((peer) =>
      build({
        absWorkingDir: root,
        entryPoints: [`bench/peers/${peer}.ts`],
        outdir: `${outdir}/${peer}`,
        bundle: true,
        splitting: true,
        format: 'esm',
        platform: 'node',
        target: 'node20.18',
        minify: true,
        legalComments: 'none',
        plugins: [withPrecomputed],
        logLevel: 'warning',
        banner: {
          js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);",
        },
      }),
    ),
  );
  const files = peers.map((peer) => [peer, `${outdir}/${peer}/${peer}.js`] as const);
  return Object.fromEntries(files) as Record<(typeof peers)[number], string>;
}
