import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Client, clients } from './clients.ts';
import { holdSession, type Session } from './hold-session.ts';
import {
  type Installation,
  installGo,
  installNewerNode,
  installNpm,
  installPython,
  NotInstalled,
} from './install.ts';
import { readRecordings, replay } from './replay.ts';
import { startHttpServer, startSandbox } from './sandbox.ts';
import { type Row, replaceTable, toMarkdown } from './table.ts';
import { versionOf } from './versions.ts';

/*
 * Has every client of the list hold a session with the built server, over stdio and over HTTP, and prints a table.
 *
 *   npm run clients                     all clients
 *   npm run clients -- --only mcporter  those whose name contains a text
 *   npm run clients -- --write          writes the table into docs/clients.md
 *
 * Exit code 1 if anything that is expected to work does not, or if npm could not install a client. Clients in Python and
 * Go are left out where these languages are missing.
 */
const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
if (values.write && values.only !== '') throw new Error('--write wants all clients: leave out --only.');

const document = new URL('../../docs/clients.md', import.meta.url);
const isChosen = (name: string) => name.toLowerCase().includes(values.only.toLowerCase());
const chosen = clients.filter(({ name }) => isChosen(name));
const recordings = readRecordings().filter(({ client }) => isChosen(client));
if (chosen.length + recordings.length === 0) throw new Error(`No client has "${values.only}" in its name.`);

const newerNode = await installNewerNode();
const sandbox = await startSandbox();
const http = await startHttpServer(sandbox, []);
const withSessions = await startHttpServer(sandbox, ['--sessions']);
const servers = { sandbox, urls: { HTTP: http.url, 'HTTP, `--sessions`': withSessions.url } };

const rows: Row[] = [];
let npmFailed = false;
for (const client of chosen) {
  const installed = await install(client).catch((error) => {
    if (error instanceof NotInstalled) return error.message;
    throw error;
  });
  for (const transport of client.transports) {
    const started = performance.now();
    const result =
      typeof installed === 'string' ? installed : await holdSession(client, installed, transport, servers);
    if (typeof result === 'string' && client.npm) npmFailed = true;
    add({ client: client.name, version: versionOf(client), transport, result }, started);
  }
}
for (const recording of recordings) {
  const { client, transport } = recording;
  const started = performance.now();
  add({ client, version: 'recorded', transport, result: await replay(recording, servers) }, started);
}
for (const server of [http, withSessions, sandbox]) server.close();

const table = toMarkdown(rows, new Date().toISOString().slice(0, 10), process.versions.node);
console.log(`\n${table}\n`);
if (values.write) writeFileSync(document, replaceTable(readFileSync(document, 'utf8'), table));

const notRun = rows.filter(({ result }) => typeof result === 'string');
const failing = rows.filter(({ result }) => failuresOf(result).length > 0);
console.log(`${rows.length} rows, ${failing.length} failing, ${notRun.length} not run.`);
process.exit(failing.length > 0 || npmFailed ? 1 : 0);

function install({ npm, pypi }: Client): Promise<Installation> {
  if (npm) return installNpm(npm, newerNode);
  return pypi ? installPython(pypi) : installGo();
}

function failuresOf(result: string | Session): string[] {
  if (typeof result === 'string') return [];
  const cells = Object.entries({ protocol: result.protocol, ...result.steps });
  return cells.flatMap(([name, { outcome, text }]) => (outcome === 'failed' ? [`${name}: ${text}`] : []));
}

function add(row: Row, started: number): void {
  rows.push(row);
  const { client, transport, result } = row;
  const failures = failuresOf(result);
  const outcome = typeof result === 'string' ? `not run: ${result}` : failures.length > 0 ? 'FAILS' : 'ok';
  console.log(`${client}, ${transport}: ${outcome} (${Math.round(performance.now() - started)} ms)`);
  for (const failure of failures) console.log(`    ${failure}`);
}
