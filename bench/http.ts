import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import autocannon from 'autocannon';
import { bundlePeers } from './bundle-peers.ts';
import { compileUnbundled } from './compile.ts';
import { type Generation, generations } from './generations.ts';
import { processorTime } from './processor-time.ts';

/*
 * Requests per second and processor time for each over stateless HTTP, ours beside other servers, in both generations of
 * the protocol. All call the same Synqly, which is part of this process and answers at once, so that what is measured is
 * the MCP server. This process takes about 0.1 ms of one core for each request: where a server takes less than that,
 * only the processor time tells how fast it is.
 */
const { values: flags } = parseArgs({
  options: {
    /** A second build of synqly-mcp, as `/path/to/dist/cli.js`. */
    beside: { type: 'string' },
    connections: { type: 'string', default: '1,32,256' },
    /** Leaves out servers whose name is without this text, but for the reference. */
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '7' },
    /** Requests that each server gets in a round. */
    requests: { type: 'string', default: '4000' },
    'skip-memory': { type: 'boolean', default: false },
  },
});
/** Each server is asked in turn so many times: what else the machine does for a while then falls on all. */
const rounds = Number(flags.rounds);
const requests = Number(flags.requests);
const root = fileURLToPath(new URL('..', import.meta.url));

const synqly = createServer((_, response) => {
  response
    .setHeader('content-type', 'application/json')
    .end('{"result":{"id":"1","name":"acme","fullname":"Acme"}}');
});
await new Promise<void>((resolve) => synqly.listen(0, '127.0.0.1', resolve));
const synqlyUrl = `http://127.0.0.1:${(synqly.address() as AddressInfo).port}`;

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

const startOwn = (file: string) =>
  start([
    file,
    ...['--transport', 'http', '--port', '0', '--base-url', synqlyUrl],
    ...['--rate-per-minute', '10000000', '--log-level', 'info'],
  ]);

/** What one server did in all rounds, in one generation. */
interface Candidate {
  readonly name: string;
  readonly generation: Generation;
  readonly running: Running;
  /** Registers its tools for each request, and so gets fewer of them. */
  readonly isSlow: boolean;
}

interface Load {
  /** Requests per second. */
  readonly rate: number;
  /** Microseconds of processor time for each request. */
  readonly processor: number;
  readonly failed: number;
}

type Kind = 'call' | 'list';

/** Sends requests over so many lasting connections. */
async function load(
  { running, generation }: Pick<Candidate, 'running' | 'generation'>,
  kind: Kind,
  width: number,
  amount: number,
): Promise<Load> {
  const { [kind]: message, headersOf } = generations[generation];
  let bad = 0;
  const used = processorTime(running.child.pid);
  const started = performance.now();
  let last = started;
  const run = await autocannon({
    url: running.url.href,
    method: 'POST',
    headers: {
      authorization: 'Bearer bench-token',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headersOf(message),
    },
    body: JSON.stringify({ ...message, id: 1 }),
    connections: width,
    timeout: 30,
    amount,
    // It ends between two samples only.
    sampleInt: 50,
    verifyBody: (body) => {
      last = performance.now();
      const isGood = String(body).includes('"result"') && !String(body).includes('"isError":true');
      if (!isGood) bad += 1;
      return isGood;
    },
  });
  return {
    rate: run['2xx'] / ((last - started) / 1000),
    processor: ((processorTime(running.child.pid) - used) * 1000) / amount,
    failed: bad + run.non2xx + run.errors + run.timeouts,
  };
}

/** A client that comes with a token of its own, lists, calls and goes. */
async function visit(url: URL, token: string): Promise<void> {
  const client = new Client({ name: 'bench', version: '1.0.0' });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }) as Transport);
  await client.listTools();
  await client.callTool(generations['2025'].call.params as { name: string });
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

const naiveFile = compileUnbundled('bench/register-tool-http-server');
const peers = await bundlePeers();
const ours = await startOwn(`${root}dist/cli.js`);
const beside = flags.beside === undefined ? undefined : await startOwn(flags.beside);
const [naive, v1, v2, floor] = await Promise.all([
  start([naiveFile, synqlyUrl]),
  start([peers['v1-http'], synqlyUrl]),
  start([peers['v2-http'], synqlyUrl]),
  start([peers['no-sdk-http'], synqlyUrl]),
]);

const described: readonly (readonly [name: string, Running, ...Generation[]])[] = [
  ['synqly-mcp', ours, '2025', '2026'],
  ...(beside ? [['synqly-mcp, the other build', beside, '2025', '2026'] as const] : []),
  ['low-level server, SDK v1', v1, '2025'],
  ['low-level server, SDK v2', v2, '2025', '2026'],
  ['no SDK', floor, '2025', '2026'],
  ['registerTool for each request', naive, '2025'],
];
const all = described.flatMap(([name, running, ...spoken]) =>
  spoken.map((generation): Candidate => ({ name, generation, running, isSlow: running === naive })),
);
/** What all others are compared with. */
const reference = all.find(({ running }) => running === (beside ?? v1));

const requestsFor = ({ isSlow }: Candidate, width: number) =>
  isSlow ? Math.max(2 * width, 20) : Math.max(requests, 2 * width);

const labelOf = ({ name, generation }: Candidate) => `${name.padEnd(32)} ${generations[generation].revision}`;

/** Those that speak their generation; the others are named. Also compiles what is run often. */
const candidates: Candidate[] = [];
for (const candidate of all) {
  if (!candidate.name.includes(flags.only) && candidate !== reference) continue;
  const { failed } = await load(candidate, 'call', 1, 1);
  if (failed > 0) {
    console.log(`${labelOf(candidate)}  left out: it does not speak this revision`);
    continue;
  }
  candidates.push(candidate);
  for (const kind of ['call', 'list'] as const) await load(candidate, kind, 32, requestsFor(candidate, 32));
}

async function compare(kind: Kind, width: number): Promise<ReadonlyMap<Candidate, readonly Load[]>> {
  // The slow one takes minutes until so many have had an answer each.
  const taking = candidates.filter(({ isSlow }) => !isSlow || width <= 32);
  const loads = new Map(taking.map((candidate) => [candidate, [] as Load[]]));
  for (let round = 0; round < rounds; round += 1) {
    // None always comes after the same one.
    for (const candidate of round % 2 === 0 ? taking : taking.toReversed())
      loads.get(candidate)?.push(await load(candidate, kind, width, requestsFor(candidate, width)));
  }
  return loads;
}

const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

/** A median, the median of its ratios to those of the reference in the same rounds, and the range of these. */
function cellOf(values: readonly number[], others: readonly number[]): string {
  const ratios = values.map((value, round) => value / (others[round] ?? Number.NaN));
  const range = `${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)}`;
  return `${median(values).toFixed(0).padStart(8)} ${median(ratios).toFixed(2).padStart(6)} ${range.padStart(12)}`;
}

console.log(
  `Requests per second and microseconds of processor time for each, median of ${rounds} rounds of ${requests} requests
in turn; the median of the ratios to the reference in the same rounds, and their range. Node ${process.version}
Reference: ${reference && labelOf(reference).replace(/ +/g, ' ')}`,
);
for (const kind of ['call', 'list'] as const) {
  for (const width of flags.connections.split(',').map(Number)) {
    const loads = await compare(kind, width);
    const others = (reference && loads.get(reference)) ?? [];
    const title = `${generations['2025'][kind].method}, ${width} connections`;
    console.log(`\n${title.padEnd(43)}${'per second'.padStart(28)}${'µs each'.padStart(28)}`);
    for (const [candidate, own] of loads) {
      const cells = (['rate', 'processor'] as const).map((figure) =>
        cellOf(
          own.map((one) => one[figure]),
          others.map((one) => one[figure]),
        ),
      );
      const failed = own.reduce((sum, one) => sum + one.failed, 0);
      console.log(
        `${labelOf(candidate)}${cells.join('')}  ${residentMemory(candidate.running)} MB${failed > 0 ? `  failed ${failed}` : ''}`,
      );
    }
  }
}

if (!flags['skip-memory']) {
  console.log('\nResident memory of synqly-mcp');
  for (let burst = 1; burst <= 5; burst += 1) {
    const { failed } = await load({ running: ours, generation: '2025' }, 'call', 32, 20_000);
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
}
for (const { running } of all) running.child.kill();
synqly.close().closeAllConnections();
