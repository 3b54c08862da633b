/**
 * An esbuild plugin that leaves out modules which are imported but never used on our paths.
 *
 * @param {Record<string, string>} modules a pattern of the import, and the exports to put in its place
 * @returns {import('esbuild').Plugin}
 */
export function leaveOut(modules) {
  return {
    name: 'leave-out',
    setup({ onResolve, onLoad }) {
      for (const [pattern, contents] of Object.entries(modules)) {
        onResolve({ filter: new RegExp(pattern) }, () => ({
          path: pattern,
          namespace: 'left-out',
          sideEffects: false,
        }));
        onLoad({ filter: /./, namespace: 'left-out' }, ({ path }) =>
          path === pattern ? { contents } : undefined,
        );
      }
    },
  };
}
