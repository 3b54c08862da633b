import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startSandbox } from '../src/sandbox/start.ts';
import { compileUnbundled } from './compile.ts';

/*
 * Cold start: from spawning the process to the answer of `tools/list`, ours beside a server with one `registerTool`
 * call for each operation, run from unbundled files. The two take turns, so that noise meets both alike.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const rounds = Number(process.argv[2] ?? 20);

const messages = [
  {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
  },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
  { jsonrpc: '2.0', id: 2, method: 'tools/list' },
];

/** Milliseconds until the tool list is answered. */
async function start({ file, env: more }: Candidate): Promise<number> {
  const started = performance.now();
  const env = { ...process.env, SYNQLY_LOG_LEVEL: 'silent', ...more };
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'], env });
  child.stdin.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  let answered = '';
  for await (const chunk of child.stdout) {
    answered += chunk;
    if (answered.split('\n').length > 2) break;
  }
  const elapsed = performance.now() - started;
  const tools = JSON.parse(answered.split('\n')[1] ?? '{}').result?.tools?.length;
  if (tools < 96) throw new Error(`${file} listed ${tools} tools`);
  child.kill();
  await new Promise((resolve) => child.once('exit', resolve));
  return elapsed;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

interface Candidate {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

// On loopback: what the way to Synqly takes comes on top where the server asks what its token may do.
const sandbox = await startSandbox();
const built = `${root}dist/cli.js`;
const own = { SYNQLY_TOKEN: sandbox.token, SYNQLY_BASE_URL: sandbox.baseUrl };
const candidates: Readonly<Record<string, Candidate>> = {
  '--permissions ignore': { file: built, env: { ...own, SYNQLY_PERMISSIONS: 'ignore' } },
  '--permissions learn': { file: built, env: own },
  'registerTool, unbundled': { file: compileUnbundled('bench/register-tool-server'), env: own },
};
const times = Object.fromEntries(Object.keys(candidates).map((name) => [name, [] as number[]]));
for (let round = -1; round < rounds; round++) {
  for (const [name, candidate] of Object.entries(candidates)) {
    const elapsed = await start(candidate);
    // The first round fills the disk cache.
    if (round >= 0) times[name]?.push(elapsed);
  }
}

console.log(`Spawn to tools/list answered, ${rounds} rounds, Node ${process.version}, milliseconds`);
const medians = Object.entries(times).map(([name, values]) => {
  const sorted = values.toSorted((one, other) => one - other);
  const [median, low, high] = [0.5, 0.1, 0.9].map((share) => quantile(sorted, share));
  console.log(
    `${name.padEnd(28)} median ${median?.toFixed(0)}   10 % ${low?.toFixed(0)}   90 % ${high?.toFixed(0)}`,
  );
  return median ?? Number.NaN;
});
const usual = medians.at(-1) ?? Number.NaN;
for (const [index, name] of Object.keys(candidates).slice(0, -1).entries())
  console.log(`${name.padEnd(28)} ratio ${((medians[index] ?? 0) / usual).toFixed(2)}`);
await sandbox.close();
