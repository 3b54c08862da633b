import { createServer, request } from 'node:http';

/*
 * Plays the reverse proxy of nginx.conf and Caddyfile, without TLS: takes requests for any host, and passes them on to the
 * gateway with headers that say who has asked for what.
 *
 * node proxy.mjs GATEWAY_URL [PORT]
 */
const [gateway = '', port = '0'] = process.argv.slice(2);
const upstream = new URL(gateway);

/** Set by the proxy alone. A client that could set them could choose its address, and the host that is checked. */
const ownHeaders = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'];

const server = createServer((incoming, outgoing) => {
  const passedOn = Object.entries(incoming.headers).filter(([name]) => !ownHeaders.includes(name));
  const forwarded = request(
    {
      hostname: upstream.hostname,
      port: upstream.port,
      method: incoming.method,
      path: incoming.url,
      headers: {
        ...Object.fromEntries(passedOn),
        'x-forwarded-for': incoming.socket.remoteAddress,
        'x-forwarded-host': incoming.headers.host ?? '',
        'x-forwarded-proto': 'http',
      },
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  forwarded.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()));
  // A client that leaves ends its request at the gateway too, which cancels the call.
  outgoing.on('close', () => forwarded.destroy());
  incoming.pipe(forwarded);
});

server.listen(Number(port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
