/* An agent that sends the server lines that are no messages, and answers with what it sees of the shell's settings. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const { command, args, env } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')).mcpServers.synqly;
const server = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: null };
server.stdin.write(['no JSON', '[1]', 'null', JSON.stringify(call), ''].join('\n'));
await once(server.stdout, 'data');
server.stdin.end();
await once(server, 'exit');
console.log(`SYNQLY_READ_ONLY is ${process.env.SYNQLY_READ_ONLY}`);
