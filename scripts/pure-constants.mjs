import { readFile } from 'node:fs/promises';

const constant =
  /^((?:export )?const \w+ = )((?:z\b|\w+Schema\b)[\s\S]*?);$(?=\n(?:export|const|class|function|\/|$))/gm;

/**
 * An esbuild plugin that marks the top-level constants of a module as free of side effects, so that the unused ones
 * are dropped. The SDK declares every message of the protocol as a zod schema; making also those that a server never
 * looks at takes 2.5 % more of a start.
 *
 * The build fails where the module is not bundled, or has fewer such constants than expected.
 *
 * @param {RegExp} module
 * @param {number} atLeast constants that it must have
 * @returns {import('esbuild').Plugin}
 */
export function pureConstants(module, atLeast) {
  return {
    name: 'pure-constants',
    setup({ onLoad, onEnd }) {
      let found = 0;
      onLoad({ filter: module }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const contents = source.replace(constant, (_, start, value) => {
          found += 1;
          return `${start}/* @__PURE__ */ (() => ${value})();`;
        });
        return { contents, loader: 'js' };
      });
      onEnd(() => {
        const text = `${module} has ${found} constants that could be marked, not ${atLeast} or more.`;
        return { errors: found < atLeast ? [{ text }] : [] };
      });
    },
  };
}
