import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request on its way to the server behind. */
export interface Passing {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: messages are compared, not programmed against
  readonly message: any;
}

/** Stands before an HTTP server: passes everything on, tells what passed, and can answer in its place. */
export interface FrontDoor {
  readonly url: string;
  readonly seen: Passing[];
  /** Where requests go; it may change. */
  target: string;
  /** The status to answer with; undefined lets the request pass. */
  refuse: ((passing: Passing) => number | undefined) | undefined;
  close(): void;
}

export async function startFrontDoor(target: string): Promise<FrontDoor> {
  const seen: Passing[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { method = 'GET', headers } = incoming;
    const passing = { method, headers, message: body.length > 0 ? JSON.parse(String(body)) : undefined };
    seen.push(passing);
    const status = door.refuse?.(passing);
    if (status !== undefined) return void response.writeHead(status).end();
    const onward = send(door.target, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers).flushHeaders();
      answer.pipe(response);
      answer.on('error', () => response.destroy());
      answer.on('close', () => answer.complete || response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const door: FrontDoor = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    seen,
    target,
    refuse: undefined,
    close: () => server.close().closeAllConnections(),
  };
  return door;
}
