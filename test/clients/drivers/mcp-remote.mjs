import { run } from './session.mjs';

// mcp-remote is a server over stdio for its client, and a client over HTTP for this server.
const headers = Object.entries(run.headers).flatMap(([name, value]) => ['--header', `${name}:${value}`]);
const script = `${run.modules}/mcp-remote/dist/proxy.js`;
run.command = process.execPath;
run.args = [script, run.url, '--transport', 'http-only', ...headers];
run.env = { HOME: process.env.HOME, PATH: process.env.PATH };
await import('./mcp-sdk.mjs');
