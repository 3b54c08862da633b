/*
 * Stands between a client and a server over stdio: passes every byte on, and appends each message to a file.
 * Called as: record-stdio.mjs FILE COMMAND ARGUMENTS...
 */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

const [file, command, ...args] = process.argv.slice(2);
const server = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });

function passOn(from, source, sink) {
  let rest = '';
  source.on('data', (chunk) => {
    sink.write(chunk);
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line.trim() === '') continue;
      const text = Buffer.from(line, 'latin1').toString();
      appendFileSync(file, `{"exchange":"${process.pid}","from":"${from}","message":${text}}\n`);
    }
  });
  source.on('end', () => sink.end());
  sink.on('error', () => source.destroy());
}

passOn('client', process.stdin, server.stdin);
passOn('server', server.stdout, process.stdout);
server.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => server.kill(signal));
