import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundlePeers } from './bundle-peers.ts';
import { compileUnbundled } from './compile.ts';
import { type Generation, generations } from './generations.ts';
import { processorTime } from './processor-time.ts';

/*
 * Cold start over stdio: from spawning the process to the answer to the opening request, and on to the answer to
 * `tools/list`, sent once the opening is answered. All candidates take turns, so that noise meets them alike. The
 * reference is a server with one `registerTool` call for each operation, run from unbundled files.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const rounds = Number(process.argv[2] ?? 20);

/** Milliseconds after which a process counts as hung. */
const hangsAfterMs = 20_000;

/** Milliseconds that a process gets to read the permissions of its token, which it keeps for later starts. */
const learningMs = 5_000;

interface Candidate {
  readonly name: string;
  readonly generation: Generation;
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where state of earlier starts is kept; absent if each start finds none. */
  readonly stateHome?: string;
  readonly times: Times[];
}

/** Milliseconds from the spawn to each answer, and milliseconds of processor time until the second. */
interface Times {
  readonly opening: number;
  readonly list: number;
  readonly processor: number;
}

/** Starts a candidate, opens the connection and lists the tools as a client does. */
async function start({ file, env, generation, stateHome }: Candidate, staysFor = 0): Promise<Times> {
  const home = stateHome ?? mkdtempSync(join(tmpdir(), 'synqly-mcp-bench-'));
  const started = performance.now();
  const child = spawn(process.execPath, [file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, SYNQLY_LOG_LEVEL: 'silent', XDG_STATE_HOME: home, ...env },
  });
  try {
    return await exchange(child, generations[generation], started);
  } finally {
    await new Promise((resolve) => setTimeout(resolve, staysFor));
    child.kill();
    await new Promise((resolve) => child.once('exit', resolve));
    if (stateHome === undefined) rmSync(home, { recursive: true, force: true });
  }
}

function exchange(
  child: ChildProcess & { readonly stdin: NonNullable<ChildProcess['stdin']> },
  { opening, afterOpening, list }: (typeof generations)[Generation],
  started: number,
): Promise<Times> {
  return new Promise((resolve, reject) => {
    const hung = setTimeout(() => reject(new Error('There was no answer.')), hangsAfterMs);
    const send = (...messages: readonly object[]) =>
      child.stdin.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
    let openedAt = 0;
    child.once('error', reject);
    child.once('exit', () => reject(new Error('It ended.')));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const { id, result, error } = JSON.parse(line);
      const elapsed = performance.now() - started;
      if (error) reject(new Error(`It refused: ${error.message}`));
      if (id === 1) {
        openedAt = elapsed;
        send(...afterOpening, { ...list, id: 2 });
      }
      if (id !== 2) return;
      clearTimeout(hung);
      const tools = result?.tools?.length ?? 0;
      if (tools < 96) reject(new Error(`It listed ${tools} tools.`));
      else resolve({ opening: openedAt, list: elapsed, processor: processorTime(child.pid) });
    });
    send({ ...opening, id: 1 });
  });
}

/** A sandbox in a process of its own, so that its work does not delay the clock. */
async function startSandbox(...flags: string[]) {
  const child = spawn(process.execPath, [built, 'sandbox', '--json', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { base_url, token } = JSON.parse(line);
    const env = { SYNQLY_TOKEN: token, SYNQLY_BASE_URL: base_url };
    return { env, stop: () => child.kill() };
  }
  throw new Error('The sandbox did not start.');
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

const built = `${root}dist/cli.js`;
const naive = compileUnbundled('bench/register-tool-server');
const peers = await bundlePeers();
const fast = await startSandbox();
const slow = await startSandbox('--fault', '*:delay=1000');
const storedState = mkdtempSync(join(tmpdir(), 'synqly-mcp-bench-'));

const reference = 'one registerTool call for each operation';
const both: readonly Generation[] = ['2025', '2026'];
type Described = Omit<Candidate, 'times' | 'generation'>;
const own: readonly Described[] = [
  { name: 'synqly-mcp', file: built, env: fast.env },
  { name: 'synqly-mcp, permissions stored', file: built, env: fast.env, stateHome: `${storedState}/fast` },
  { name: 'synqly-mcp, API answers after 1 s', file: built, env: slow.env },
  { name: 'the same, permissions stored', file: built, env: slow.env, stateHome: `${storedState}/slow` },
  {
    name: 'synqly-mcp --permissions ignore',
    file: built,
    env: { ...fast.env, SYNQLY_PERMISSIONS: 'ignore' },
  },
];
const bothGenerations: readonly Described[] = [
  { name: 'low-level server, SDK v2', file: peers['v2-stdio'], env: fast.env },
  { name: 'no SDK', file: peers['no-sdk-stdio'], env: fast.env },
];
const described: Readonly<Record<Generation, readonly Described[]>> = {
  '2025': [
    ...own,
    { name: reference, file: naive, env: fast.env },
    { name: 'low-level server, SDK v1', file: peers['v1-stdio'], env: fast.env },
    ...bothGenerations,
  ],
  '2026': [...own, ...bothGenerations],
};
const candidates = both.flatMap((generation) =>
  described[generation].map((one): Candidate => ({ ...one, generation, times: [] })),
);

/** Candidates that cannot speak their generation, with the reason. */
const left = new Map<Candidate, string>();
// The first round fills the disk cache, and the state directories where there are some.
for (const candidate of candidates) {
  try {
    await start(candidate, candidate.stateHome === undefined ? 0 : learningMs);
  } catch (error) {
    left.set(candidate, (error as Error).message);
  }
}
for (let round = 0; round < rounds; round += 1) {
  // None always comes after the same one.
  for (const candidate of round % 2 === 0 ? candidates : candidates.toReversed()) {
    if (!left.has(candidate)) candidate.times.push(await start(candidate));
  }
}
fast.stop();
slow.stop();
rmSync(storedState, { recursive: true, force: true });

const usual = candidates.find(({ name }) => name === reference)?.times ?? [];
const columns = ['opening', 'list', 'processor'] as const;
const firstWidth = 42;
console.log(
  `From the spawn to the answers to the opening and to tools/list, and processor time until then. Median of ${rounds}
rounds in turn in milliseconds, its ratio to that of ${reference},
and the first and the last tenth of the ratios of single rounds. Node ${process.version}`,
);
for (const generation of both) {
  const { revision, opening } = generations[generation];
  const titles = [opening.method, 'tools/list', 'processor time'].map((title) => title.padStart(24));
  console.log(`\n${revision.padEnd(firstWidth)}${titles.join('')}`);
  for (const candidate of candidates.filter((one) => one.generation === generation)) {
    const cells = left.get(candidate) ?? columns.map((column) => cellOf(candidate, column)).join('');
    console.log(candidate.name.padEnd(firstWidth) + cells);
  }
}

function cellOf({ times }: Candidate, column: keyof Times): string {
  const [ours, others] = [times, usual].map((all) => all.map((one) => one[column])) as [number[], number[]];
  const median = quantile(ours, 0.5);
  const ratios = ours.map((time, round) => time / (others[round] ?? Number.NaN));
  const spread = [0.1, 0.9].map((share) => quantile(ratios, share).toFixed(2)).join('-');
  const ratio = (median / quantile(others, 0.5)).toFixed(2);
  return `${median.toFixed(0).padStart(6)} ${ratio.padStart(5)} ${spread.padStart(11)}`.padStart(24);
}
