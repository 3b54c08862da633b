import { readFile } from 'node:fs/promises';

/**
 * An esbuild plugin that marks the top-level constants of a module as free of side effects, so that the unused ones
 * are dropped. The SDK declares every message of the protocol as a zod schema; making those that a server never
 * looks at is a good part of a start.
 *
 * @param {RegExp} module
 * @returns {import('esbuild').Plugin}
 */
export function pureConstants(module) {
  return {
    name: 'pure-constants',
    setup({ onLoad }) {
      onLoad({ filter: module }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const constant =
          /^((?:export )?const \w+ = )((?:z\b|\w+Schema\b)[\s\S]*?);$(?=\n(?:export|const|class|function|\/|$))/gm;
        return { contents: source.replace(constant, '$1/* @__PURE__ */ (() => $2)();'), loader: 'js' };
      });
    },
  };
}
