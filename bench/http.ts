import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { compileUnbundled } from './compile.ts';

/*
 * Requests per second over stateless HTTP, ours beside a server that registers its tools for each request. Both call
 * the same Synqly: a process-local server that answers at once, so that what is measured is the MCP server.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const seconds = Number(process.argv[2] ?? 4);
const connections = [1, 32, 256];

const synqly = createServer((_, response) => {
  response
    .setHeader('content-type', 'application/json')
    .end('{"result":{"id":"1","name":"acme","fullname":"Acme"}}');
});
await new Promise<void>((resolve) => synqly.listen(0, '127.0.0.1', resolve));
const synqlyUrl = `http://127.0.0.1:${(synqly.address() as AddressInfo).port}`;

const requests = {
  'tools/call': { method: 'tools/call', params: { name: 'accounts_get', arguments: { account_id: 'acme' } } },
  'tools/list': { method: 'tools/list' },
};

interface Running {
  readonly child: ChildProcess;
  readonly url: URL;
}

async function start(args: string[]): Promise<Running> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let written = '';
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`${args[0]} did not start: ${written}`)));
    child.stderr.on('data', (chunk) => {
      if (written.length < 10_000) written += chunk;
      const url = /"url":"([^"]+)"/.exec(written)?.[1];
      if (url !== undefined) resolve({ child, url: new URL(url) });
    });
  });
}

/** Requests per second that so many connections get answered, and how many were not answered well. */
async function load(url: URL, message: object, width: number): Promise<{ rate: number; failed: number }> {
  const pool = new Pool(url.origin, { connections: width, pipelining: 1 });
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, ...message });
  const headers = {
    authorization: 'Bearer bench-token',
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  let done = 0;
  let failed = 0;
  const started = performance.now();
  const end = started + seconds * 1000;
  const worker = async () => {
    while (performance.now() < end) {
      const response = await pool.request({ path: url.pathname, method: 'POST', headers, body });
      const text = await response.body.text();
      if (response.statusCode !== 200 || text.includes('"isError"') || text.includes('"error"')) failed += 1;
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  const rate = done / ((performance.now() - started) / 1000);
  await pool.destroy();
  return { rate, failed };
}

/** Resident memory of a process in MB; 0 where the system does not tell. */
function residentMemory({ child }: Running): number {
  try {
    const [, kilobytes = '0'] =
      /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return 0;
  }
}

const rateless = ['--rate-per-minute', '10000000', '--log-level', 'info'];
const servers = {
  'synqly-mcp': await start([
    `${root}dist/cli.js`,
    '--transport',
    'http',
    '--port',
    '0',
    '--base-url',
    synqlyUrl,
    ...rateless,
  ]),
  'registerTool for each request': await start([
    compileUnbundled('bench/register-tool-http-server'),
    synqlyUrl,
  ]),
};

console.log(`Requests per second, ${seconds} s each, Node ${process.version}`);
for (const [name, message] of Object.entries(requests)) {
  for (const width of connections) {
    const rates: number[] = [];
    for (const [server, running] of Object.entries(servers)) {
      const { rate, failed } = await load(running.url, message, width);
      rates.push(rate);
      const memory = `${residentMemory(running)} MB`;
      console.log(
        `${name}  ${String(width).padStart(3)} connections  ${server.padEnd(30)} ${rate.toFixed(0).padStart(6)}/s  failed ${failed}  ${memory}`,
      );
    }
    console.log(
      `${name}  ${String(width).padStart(3)} connections  ratio ${((rates[0] ?? 0) / (rates[1] ?? 1)).toFixed(0)}`,
    );
  }
}
for (const { child } of Object.values(servers)) child.kill();
synqly.close().closeAllConnections();
