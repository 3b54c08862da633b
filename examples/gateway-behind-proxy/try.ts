import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/*
 * Starts the sandbox as the Synqly, a gateway that holds its token, and a reverse proxy in front of the gateway. Then makes MCP
 * tokens for two people, and shows what they reach through the proxy, and what is refused.
 */

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const proxyScript = fileURLToPath(new URL('./proxy.mjs', import.meta.url));
const store = mkdtempSync(join(tmpdir(), 'gateway-example-'));
const started: ChildProcess[] = [];

/** The name under which clients ask, as in nginx.conf and Caddyfile. */
const host = 'mcp.example.com';
let proxy = '';

try {
  await tryGateway();
} finally {
  for (const child of started) child.kill();
  rmSync(store, { recursive: true, force: true });
}

async function tryGateway(): Promise<void> {
  const sandbox = JSON.parse(await firstLine(start(cli, 'sandbox', '--json').stdout, /base_url/));
  // Where Synqly is, and the token that only the gateway and its administrator have.
  process.env.SYNQLY_BASE_URL = sandbox.base_url;
  process.env.SYNQLY_TOKEN = sandbox.token;
  process.env.SYNQLY_TOKEN_STORE = store;

  const gateway = start(
    ...[cli, '--transport', 'http', '--port', '0'],
    // Only a proxy on this machine is believed, and only this name is served.
    ...['--trust-proxy', '127.0.0.1', '--allowed-hosts', host],
  );
  const { url } = JSON.parse(await firstLine(gateway.stderr, /"listening"/));
  proxy = await firstLine(start(proxyScript, new URL(url).origin).stdout, /^http/);

  const dana = createToken('--organization', '--label', 'Dana, platform team');
  const sam = createToken('--account', 'aldermere-logistics', '--label', 'Sam, support');

  await show('Dana (organization) lists the accounts', { token: dana.token });
  await show('Sam (one account) lists the accounts', { token: sam.token });
  await show('Without a token', {});
  await show('Under another name', { token: dana.token, headers: { host: 'other.example' } });
  await show('Under another name, with a forged X-Forwarded-Host', {
    token: dana.token,
    headers: { host: 'other.example', 'x-forwarded-host': host },
  });
  execFileSync(process.execPath, [cli, 'token', 'revoke', sam.fingerprint]);
  await show('Sam, after the token was revoked', { token: sam.token });
}

interface Caller {
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

/** Calls accounts_list through the proxy, and prints what came back. */
async function show(title: string, { token, headers }: Caller): Promise<void> {
  const { status, body } = await post(
    { method: 'tools/call', params: { name: 'accounts_list', arguments: {} } },
    { ...(token && { authorization: `Bearer ${token}` }), ...headers },
  );
  const text = body.result?.content[0].text;
  const outcome = text ? `${JSON.parse(text).rows.length} accounts` : body.error.message;
  console.log(`${title}: ${status}, ${outcome}`);
}

/** Sends a JSON-RPC request to the proxy. fetch would not let the Host header through. */
// biome-ignore lint/suspicious/noExplicitAny: an answer is printed, not programmed against
function post(message: object, headers: Record<string, string>): Promise<{ status: number; body: any }> {
  return new Promise((resolve, reject) => {
    const usual = { host, accept: 'application/json', 'content-type': 'application/json' };
    const sent = request(
      `${proxy}/mcp`,
      { method: 'POST', headers: { ...usual, ...headers } },
      async (answer) => {
        let text = '';
        for await (const chunk of answer) text += chunk;
        resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) });
      },
    );
    sent.on('error', reject).end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }));
  });
}

function start(...args: string[]) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  return child;
}

/** The first line that fits, of what a program writes. */
async function firstLine(output: Readable, pattern: RegExp): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    if (!pattern.test(line)) continue;
    // A pipe that nobody reads would fill up and stop the program.
    output.resume();
    return line;
  }
  throw new Error(`The program ended before it wrote ${pattern}.`);
}

/** Makes an MCP token, as an administrator does on the command line. */
function createToken(...flags: string[]): { token: string; fingerprint: string } {
  const args = [cli, 'token', 'create', ...flags, '--ttl', '8h', '--json'];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}
