import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a stand-in for Synqly answers, by path: an object, or the rows of a list, sorted by name. */
export type Contents = Readonly<Record<string, unknown>>;

export interface LargeSynqly {
  readonly url: string;
  /** Paths with queries, oldest first. */
  readonly asked: string[];
  close(): void;
}

/** Answers whatever is in `contents`; lists by pages, as the API does. A body that is a text is sent as it is. */
export async function startLargeSynqly(contents: Contents): Promise<LargeSynqly> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://synqly');
    const found = contents[pathname];
    const limit = Number(searchParams.get('limit') ?? 100);
    const after = searchParams.get('start_after') ?? '';
    const body = Array.isArray(found)
      ? { result: found.filter(({ name }) => name > after).slice(0, limit) }
      : (found ?? { message: 'not here', status: 404 });
    response.statusCode = found === undefined ? 404 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => server.close().closeAllConnections(),
  };
}
