import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { baseUrl, ownToken } from './environment.ts';
import { forwardTo } from './forward.ts';
import { createV2Peer } from './v2-server.ts';

const forward = forwardTo(baseUrl);
serveStdio(() => createV2Peer(forward, ownToken));
