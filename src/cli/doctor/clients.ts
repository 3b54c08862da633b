import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';
import { createInterface } from 'node:readline';
import { isJsonObject, parseJson } from '../../lib/json.ts';
import { placeholderIn } from '../../lib/unfilled-placeholder.ts';
import { describeFileError, readClientFile } from '../clients/client-file.ts';
import { type ClientName, clientNames, clients, type Machine } from '../clients/clients.ts';
import { readJson } from '../clients/edit-json.ts';
import { readToml } from '../clients/edit-toml.ts';
import { isOwnEntry, type OwnProgram, type ServerEntry } from '../clients/server-entry.ts';
import { type Check, failed, passed, skipped } from './check.ts';
import type { ShowProgress } from './progress.ts';

/** A start of this server in the configuration of a client. */
interface ConfiguredServer {
  readonly client: ClientName;
  readonly path: string;
  /** The name that the client's configuration gives it. */
  readonly name: string;
  readonly entry: ServerEntry;
}

/** Checks what the MCP clients of this machine start. */
export async function* checkClients(
  showProgress: ShowProgress,
  addSecret: (secret: string) => void,
): AsyncGenerator<Check> {
  const machine = { platform: process.platform, home: homedir(), environment: process.env };
  const program = { node: process.execPath, script: process.argv[1] ?? '', platform: process.platform };
  let count = 0;
  for (const client of clientNames) {
    const path = clients[client].path(machine);
    try {
      for (const server of await configuredServers(client, machine, program)) {
        count += 1;
        for (const value of Object.values(server.entry.env ?? {})) addSecret(String(value));
        yield await checkStart(server, showProgress);
      }
    } catch (error) {
      count += 1;
      yield failed(
        'client',
        `${clients[client].title}: ${path} cannot be read: ${describeFileError(error)}.`,
        'Correct the file.',
        { client, path },
      );
    }
  }
  if (count === 0) yield skipped('client', 'no MCP client of this user starts this server');
}

/** The servers in a client's configuration that are this program. @throws Error when the file cannot be read */
async function configuredServers(
  client: ClientName,
  machine: Machine,
  program: OwnProgram,
): Promise<readonly ConfiguredServer[]> {
  const { path: pathOn, format, serversKey } = clients[client];
  const path = pathOn(machine);
  const { bytes, text } = await readClientFile(path);
  if (bytes === undefined) return [];
  const servers = (format === 'json' ? readJson : readToml)(text, [serversKey]);
  return Object.entries(isJsonObject(servers) ? servers : {}).flatMap(([name, entry]) => {
    if (!isJsonObject(entry) || typeof entry.command !== 'string' || !isOwnEntry(entry, program)) return [];
    const args = Array.isArray(entry.args) ? entry.args.map(String) : [];
    const env = isJsonObject(entry.env)
      ? Object.fromEntries(Object.entries(entry.env).map(([variable, value]) => [variable, String(value)]))
      : {};
    return [{ client, path, name, entry: { command: entry.command, args, env } }];
  });
}

async function checkStart(
  { client, path, name, entry }: ConfiguredServer,
  showProgress: ShowProgress,
): Promise<Check> {
  const { title } = clients[client];
  const shown = `${title} ("${name}" in ${path})`;
  const details = { client, path, name };
  const words = [entry.command, ...entry.args];
  const missing = words.find(
    (word) => isAbsolute(word) && /\.[cm]?js$|[\\/]node(?:\.exe)?$/.test(word) && !existsSync(word),
  );
  const remediation = `Run synqly-mcp init ${client}, or correct the file.`;
  if (missing !== undefined)
    return failed('client', `${shown} starts ${missing}, which does not exist.`, remediation, details);
  if (words.includes('npx'))
    return skipped('client', `${shown} starts it with npx, which could download it: not started`, details);
  if ([...entry.args, ...Object.values(entry.env ?? {})].some((text) => placeholderIn(text) !== undefined))
    return skipped('client', `${shown} has values that the client fills in: not started`, details);
  const fault = await showProgress(`starting the server of ${title}`, () => tryStart(entry));
  return fault === undefined
    ? passed('client', `${shown} starts`, details)
    : failed('client', `${shown} does not start: ${fault}`, remediation, details);
}

const startTimeoutMs = 15_000;

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'synqly-mcp doctor', version: '1' },
  },
};

/** Starts a server as its client does, and sends it the first request. Returns why that failed. */
function tryStart({ command, args, env = {} }: ServerEntry): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env: environmentOf(args, env), stdio: 'pipe' });
    let stderr = '';
    const end = (fault?: string) => {
      clearTimeout(timer);
      child.kill();
      resolve(fault);
    };
    const timer = setTimeout(
      () => end(`it does not answer within ${startTimeoutMs / 1000} s.`),
      startTimeoutMs,
    );
    child.on('error', ({ message }) => end(`${message}.`));
    child.stdin.on('error', () => {});
    child.stderr.on('data', (chunk) => {
      stderr = `${stderr}${chunk}`.slice(0, maxStderr);
    });
    child.on('close', (status) => end(stderr.trim().split('\n').at(-1) || `it ends with status ${status}.`));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const answer = parseJson(line);
      if (isJsonObject(answer) && answer.id === 1)
        end(answer.result ? undefined : 'it answers with an error.');
    });
    child.stdin.write(`${JSON.stringify(initialize)}\n`);
  });
}

const maxStderr = 4_000;

/** The environment of a client: settings of this shell are not in it. */
function environmentOf(args: readonly string[], env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('SYNQLY_'));
  // Otherwise the server would ask Synqly, and store what the token may do. A server that `connect` starts does not.
  const quiet = args.includes('connect') ? {} : { SYNQLY_PERMISSIONS: 'ignore' };
  return { ...Object.fromEntries(others), ...env, ...quiet };
}
