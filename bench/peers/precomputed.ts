import { catalogue } from '../../src/tools/catalogue.ts';
import { publishedTools } from '../../src/tools/published.ts';

/* What the peers know of the operations. `bundle-peers.ts` puts the values into the bundles, so that no peer converts a schema. */

/** How the arguments of an operation become a request. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  /** Fields of the body; absent if the request has none. */
  readonly body?: readonly string[];
  /** The body's fields are sent inside a property of this name. */
  readonly bodyIn?: string;
}

export const tools = publishedTools;

export const routes: Readonly<Record<string, Route>> = Object.fromEntries(
  catalogue.map(({ id, method, path, query, body, bodyIn }) => [
    id,
    {
      method,
      path,
      query: Object.keys(query),
      ...(body && { body: Object.keys(body) }),
      ...(bodyIn !== undefined && { bodyIn }),
    },
  ]),
);
