import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { baseUrl, ownToken } from './environment.ts';
import { forwardTo } from './forward.ts';
import { createV1Peer } from './v1-server.ts';

await createV1Peer(forwardTo(baseUrl), ownToken).connect(new StdioServerTransport());
