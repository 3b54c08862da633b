/**
 * An esbuild plugin that gives one module the dispatchers of undici without the rest. undici's own index also loads
 * `fetch`, WebSockets, caches and mocks, and with them Node's built-in copy of undici: importing it takes three times as
 * long. Other modules that import undici get all of it.
 *
 * The build fails where that module does not import undici any more.
 *
 * @param {string} importer path of the module from the root of the project
 * @returns {import('esbuild').Plugin}
 */
export function undiciDispatchers(importer) {
  return {
    name: 'undici-dispatchers',
    setup({ initialOptions: { absWorkingDir }, onResolve, onLoad, onEnd }) {
      let isUsed = false;
      onResolve({ filter: /^undici$/ }, ({ importer: path }) => {
        if (!path.endsWith(`/${importer}`)) return undefined;
        isUsed = true;
        return { path: 'undici', namespace: 'dispatchers' };
      });
      onLoad({ filter: /./, namespace: 'dispatchers' }, () => ({ contents, resolveDir: absWorkingDir }));
      onEnd(() => ({ errors: isUsed ? [] : [{ text: `${importer} does not import undici.` }] }));
    },
  };
}

/** As in undici's index: the methods for requests are added to the class that all dispatchers extend. */
const contents = `
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import api from 'undici/lib/api/index.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js';
import Pool from 'undici/lib/dispatcher/pool.js';
Object.assign(Dispatcher.prototype, api);
export { Agent, EnvHttpProxyAgent, Pool };
`;
