import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Check } from '../../src/cli/doctor/check.ts';
import { readableCli } from './ordinary-user.ts';
import { builtCli, cleanEnvironment } from './support.ts';

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  /** The user that the program runs as; by default this one. */
  readonly uid?: number;
  /** Arguments of Node. */
  readonly nodeArgs?: readonly string[];
}

const emptyHome = join(tmpdir(), 'doctor-without-home');

/** Runs the command; the test's own servers answer meanwhile. */
export async function runDoctor(
  args: readonly string[],
  { env = {}, uid, nodeArgs = [] }: RunOptions = {},
): Promise<Run> {
  const child = spawn(
    process.execPath,
    [...nodeArgs, uid === undefined ? builtCli : readableCli, 'doctor', ...args],
    {
      // The clients of whoever runs the tests are not theirs.
      env: cleanEnvironment({ HOME: emptyHome, ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid !== undefined && { uid, gid: uid }),
    },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [status] = await once(child, 'close');
  return { status, stdout, stderr };
}

/** Every check of a run, and those that found a problem. */
export async function checksOf(args: readonly string[], options?: RunOptions) {
  const run = await runDoctor(['--json', ...args], options);
  const { ok, checks }: { ok: boolean; checks: Check[] } = JSON.parse(run.stdout);
  const problems = checks.filter(({ status }) => status === 'problem');
  const find = (name: string) => checks.find(({ check }) => check === name);
  return { ...run, ok, checks, problems, find };
}

/** A folder of a test, which is removed with it. */
export function makeFolder() {
  const path = mkdtempSync(join(tmpdir(), 'doctor-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Everything in a folder: names, modes, times of change and contents. */
export function contentsOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const { mode, mtimeMs, ctimeMs } = statSync(path);
      const content = statSync(path).isFile() ? readFileSync(path, 'utf8') : '';
      return JSON.stringify([name, mode, mtimeMs, ctimeMs, content]);
    });
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A certificate for these names, signed by itself. */
export function makeCertificate(folder: string, names: readonly string[]) {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const options = [
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  const subject = [
    '-subj',
    '/CN=doctor',
    '-addext',
    `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`,
  ];
  execFileSync('openssl', ['req', ...options, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key, cert };
}

/** The path of a request, and the host that it was sent to. */
export interface HostRequest {
  readonly host: string;
  readonly url: string;
  readonly authorization: string | undefined;
}

/**
 * An HTTPS server that is reached under any name through an HTTP proxy, as in a company's network.
 *
 * @param statusOf the status of its answers
 */
export async function startProxiedHosts(
  certificate: { readonly key: string; readonly cert: string },
  statusOf: (request: HostRequest) => number,
) {
  const requests: HostRequest[] = [];
  const options = { key: readFileSync(certificate.key), cert: readFileSync(certificate.cert) };
  const server = createTlsServer(options, ({ headers, url = '' }, response) => {
    const request = { host: headers.host ?? '', url, authorization: headers.authorization };
    requests.push(request);
    const status = statusOf(request);
    const body = status < 300 ? { result: { id: 'x', name: 'x' } } : { message: 'no', status };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const port = await listen(server);
  const proxy = createServer();
  proxy.on('connect', (_, socket) => {
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  return {
    port,
    requests,
    proxy: `http://127.0.0.1:${await listen(proxy)}`,
    close: () => {
      server.close().closeAllConnections();
      proxy.close().closeAllConnections();
    },
  };
}

/** Listens on loopback; gives the port. */
export async function listen(server: Pick<Server, 'listen' | 'address' | 'once'>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', () => resolve(undefined)));
  return (server.address() as AddressInfo).port;
}
