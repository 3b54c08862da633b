/*
 * Stands between an agent and the server over stdio, and appends each message to a file as a line of JSON:
 *
 *   recorder.ts FILE SERVER [ARGUMENT ...]
 */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

const [file = '', command = '', ...args] = process.argv.slice(2);
const server = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });

/** Passes lines on, and writes each to the file before the other side can answer it. */
function pass(from: 'client' | 'server', input: Readable, output: Writable): void {
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on('line', (line) => {
    if (line.trim() !== '') appendFileSync(file, `{"from":"${from}","message":${line}}\n`);
    output.write(`${line}\n`);
  });
  lines.on('close', () => output.end());
}

pass('client', process.stdin, server.stdin);
pass('server', server.stdout, process.stdout);
// The server may end first; what the client still writes is then lost, as it would be without a recorder.
server.stdin.on('error', () => undefined);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => server.kill(signal));
server.on('exit', (code) => process.exit(code ?? 1));
