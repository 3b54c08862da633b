import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import autocannon from 'autocannon';
import { compileUnbundled } from './compile.ts';

/*
 * Requests per second over stateless HTTP, ours beside a server that registers its tools for each request. Both call
 * the same Synqly: a process-local server that answers at once, so that what is measured is the MCP server.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const seconds = Number(process.argv[2] ?? 1.5);
/** Each server is asked in turn so many times: what else the machine does for a while then falls on both. */
const rounds = 5;
const connections = [1, 32, 256];
/** The slow one takes seconds until so many have had an answer each. */
const secondsFor = (width: number) => (width > 100 ? 4 * seconds : seconds);

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

const headers = {
  authorization: 'Bearer bench-token',
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

/** Requests per second that so many connections get answered, and how many were not answered well. */
async function load(
  url: URL,
  message: object,
  width: number,
  until: { duration: number } | { amount: number },
): Promise<{ rate: number; failed: number }> {
  let bad = 0;
  const started = performance.now();
  const run = await autocannon({
    url: url.href,
    method: 'POST',
    headers,
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
    connections: width,
    timeout: 30,
    ...until,
    verifyBody: (body) => {
      const isGrantValid = String(body).includes('"result"') && !String(body).includes('"isError"');
      if (!isGrantValid) bad += 1;
      return isGrantValid;
    },
  });
  const rate = run['2xx'] / ((performance.now() - started) / 1000);
  return { rate, failed: bad + run.non2xx + run.errors + run.timeouts };
}

/** A client that comes with a token of its own, lists, calls and goes. */
async function visit(url: URL, token: string): Promise<void> {
  const client = new Client({ name: 'bench', version: '1.0.0' });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }) as Transport);
  await client.listTools();
  await client.callTool(requests['tools/call'].params);
  await client.close();
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

const middle = (values: readonly number[]) =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

/** What one server did in all rounds. */
interface Score {
  readonly name: string;
  readonly running: Running;
  readonly rates: number[];
  failed: number;
}

async function compare(message: object, width: number): Promise<readonly Score[]> {
  const scores = Object.entries(servers).map(
    ([name, running]): Score => ({ name, running, rates: [], failed: 0 }),
  );
  for (let round = 0; round < rounds; round += 1) {
    // Neither always goes first.
    for (const score of round % 2 === 0 ? scores : [...scores].reverse()) {
      const { rate, failed } = await load(score.running.url, message, width, { duration: secondsFor(width) });
      score.rates.push(rate);
      score.failed += failed;
    }
  }
  return scores;
}

for (const { url } of Object.values(servers)) await load(url, requests['tools/call'], 32, { duration: 3 });
console.log(
  `Requests per second, median of ${rounds} rounds of ${seconds} s (256 connections: ${secondsFor(256)} s) in turn, Node ${process.version}`,
);
for (const [method, message] of Object.entries(requests)) {
  for (const width of connections) {
    const scores = await compare(message, width);
    const what = `${method}  ${String(width).padStart(3)} connections `;
    for (const { name, running, rates, failed } of scores) {
      const rate = middle(rates).toFixed(0).padStart(6);
      console.log(`${what} ${name.padEnd(30)} ${rate}/s  failed ${failed}  ${residentMemory(running)} MB`);
    }
    const [mine = [], other = []] = scores.map(({ rates }) => rates);
    const ratios = mine.map((rate, round) => rate / (other[round] ?? 1));
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
    console.log(`${what} ratio ${middle(ratios).toFixed(0)} (${least.toFixed(0)} to ${most.toFixed(0)})`);
  }
}

const ours = servers['synqly-mcp'];
console.log('Resident memory of synqly-mcp');
for (let burst = 1; burst <= 5; burst += 1) {
  const { failed } = await load(ours.url, requests['tools/call'], 32, { amount: 20_000 });
  console.log(`after ${burst * 20_000} more calls  ${residentMemory(ours)} MB  failed ${failed}`);
}
for (let hundred = 1; hundred <= 20; hundred += 1) {
  for (let ten = 0; ten < 10; ten += 1) {
    const tokens = Array.from({ length: 10 }, (_, one) => `visitor-${hundred}-${ten}-${one}`);
    await Promise.all(tokens.map((token) => visit(ours.url, token)));
  }
  if (hundred % 10 === 0)
    console.log(`after ${hundred * 100} short-lived clients  ${residentMemory(ours)} MB`);
}
for (const { child } of Object.values(servers)) child.kill();
synqly.close().closeAllConnections();
