import { getRequestListener } from '@hono/node-server';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { baseUrl, bearerOf } from './environment.ts';
import { forwardTo } from './forward.ts';
import { listen } from './listen.ts';
import { createV2Peer } from './v2-server.ts';

const forward = forwardTo(baseUrl);
const handler = createMcpHandler(({ requestInfo }) =>
  createV2Peer(forward, bearerOf(requestInfo?.headers.get('authorization'))),
);
// The adapter that the SDK's own package for Node uses.
listen(getRequestListener((request) => handler.fetch(request), { overrideGlobalObjects: false }));
