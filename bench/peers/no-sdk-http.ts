import { baseUrl, bearerOf } from './environment.ts';
import { forwardTo } from './forward.ts';
import { listen } from './listen.ts';
import { respond } from './no-sdk-server.ts';

const forward = Promise.resolve(forwardTo(baseUrl));
listen((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', async () => {
    const text = await respond(body, () => forward, bearerOf(request.headers.authorization));
    if (text === undefined) response.writeHead(202).end();
    else {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      response.writeHead(200, headers).end(text);
    }
  });
});
