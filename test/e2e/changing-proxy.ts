import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ProxiedAnswer {
  readonly status: number;
  readonly text: string;
}

/** Stands between the program and the sandbox, and changes what is answered, or what is asked for. */
export async function startProxy(
  upstream: string,
  changeAnswer: (answer: ProxiedAnswer, path: string) => ProxiedAnswer = (answer) => answer,
  changeUrl: (url: URL) => void = () => {},
): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? '', upstream);
    const path = url.pathname;
    changeUrl(url);
    const { authorization = '', 'content-type': type = 'application/json' } = request.headers;
    const answer = await fetch(url, {
      method: request.method ?? 'GET',
      headers: { authorization, 'content-type': type },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    const { status, text } = changeAnswer({ status: answer.status, text: await answer.text() }, path);
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close().closeAllConnections(),
  };
}
