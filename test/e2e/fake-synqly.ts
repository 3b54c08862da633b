import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it reached the fake API. */
export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The body as text; empty where there was none. */
  readonly body: string;
}

/** What the fake API answers: a JSON value, a text that is sent as it is, or no answer at all. */
export type FakeAnswer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Milliseconds before the answer. */
      readonly delay?: number;
      readonly json?: unknown;
      readonly text?: string | Buffer;
    }
  | 'hang'
  | 'reset';

export interface FakeSynqly {
  readonly url: string;
  /** Everything that was asked, oldest first. */
  readonly requests: FakeRequest[];
  close(): void;
}

/**
 * A Management API whose answers a test writes itself. What `answer` leaves undefined goes to `upstream` (a sandbox),
 * or is 404 where there is none.
 */
export async function startFakeSynqly(
  answer: (request: FakeRequest) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>,
  upstream?: string,
): Promise<FakeSynqly> {
  const requests: FakeRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const url = new URL(incoming.url ?? '', 'http://synqly');
    const body = Buffer.concat(chunks).toString();
    const { method = 'GET', headers } = incoming;
    const request = { method, path: url.pathname, query: url.searchParams, headers, body };
    requests.push(request);
    const given =
      (await answer(request)) ?? (await forward(request, upstream).catch((): FakeAnswer => 'reset'));
    if (given === 'hang') return;
    if (given === 'reset') return void incoming.socket.destroy();
    const { status = 200, headers: extra = {}, delay = 0, json, text } = given;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    response.writeHead(status, { 'content-type': 'application/json', ...extra });
    response.end(text ?? (json === undefined ? '' : JSON.stringify(json)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () => server.close().closeAllConnections(),
  };
}

async function forward(request: FakeRequest, upstream: string | undefined): Promise<FakeAnswer> {
  if (upstream === undefined) return { status: 404, json: { message: 'not here', status: 404 } };
  const { method, path, query, headers, body } = request;
  const search = query.size > 0 ? `?${query}` : '';
  const answer = await fetch(`${upstream}${path}${search}`, {
    method,
    headers: {
      authorization: headers.authorization ?? '',
      'content-type': headers['content-type'] ?? 'application/json',
    },
    ...(body !== '' && { body }),
  });
  return { status: answer.status, text: await answer.text() };
}
