import { type Dispatcher, Pool } from 'undici';
import { type Route, routes } from './precomputed.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** A connection to the API that forwards calls as they are: no checks, no retries, no formatting. */
export function forwardTo(baseUrl: string): Forward {
  const pool = new Pool(baseUrl, { pipelining: 1 });
  return async (name, args, token) => {
    const route = routes[name];
    if (!route) throw new Error(`Unknown tool: ${name}`);
    const { statusCode, body } = await pool.request(requestOf(route, args, token));
    return { text: await body.text(), isError: statusCode >= 400 };
  };
}

/** Calls the API and returns the text of its response. */
export type Forward = (
  name: string,
  args: Arguments,
  token: string,
) => Promise<{ readonly text: string; readonly isError: boolean }>;

function requestOf(route: Route, args: Arguments, token: string): Dispatcher.RequestOptions {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const path = route.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(args[name])));
  const given = Object.entries(args).filter(([name]) => route.query.includes(name));
  const query = new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)])));
  const options = {
    path: query.size > 0 ? `${path}?${query}` : path,
    method: route.method,
    headers,
  } as const;
  if (!route.body) return options as Dispatcher.RequestOptions;
  const fields = Object.fromEntries(route.body.flatMap((name) => (name in args ? [[name, args[name]]] : [])));
  const body = route.method === 'PATCH' ? args.patch : route.bodyIn ? { [route.bodyIn]: fields } : fields;
  return { ...options, body: JSON.stringify(body) } as Dispatcher.RequestOptions;
}
