import { type Command, InvalidArgumentError } from 'commander';
import { ConfigError } from '../config/load-config.ts';
import type { SandboxSize } from '../sandbox/seed.ts';
import type { Sandbox } from '../sandbox/start.ts';
import { print } from './print.ts';

/** Adds the command that runs the sandbox alone. */
export function addSandboxCommand(program: Command): void {
  program
    .command('sandbox')
    .allowExcessArguments(false)
    .description('Serve a sandbox of the Synqly API over HTTP on loopback, without the MCP server.')
    .option('--port <n>', 'port to listen on; 0 picks a free one', port, 0)
    .option('--seed <n>', 'random seed of the sample data', wholeNumber)
    .option('--size <size>', 'small, medium, large, or a number of accounts', size, 'medium')
    .option('--fault <fault...>', 'fault to inject, such as accounts_list:status=503,times=1')
    .option('--json', 'print {"base_url","token"} as one line')
    .action(serveSandbox);
}

interface SandboxFlags {
  readonly port: number;
  readonly seed?: number;
  readonly size: SandboxSize;
  readonly fault?: string[];
  readonly json?: true;
}

async function serveSandbox(flags: SandboxFlags): Promise<void> {
  const sandbox = await openSandbox(flags);
  const { baseUrl, token } = sandbox;
  print(
    flags.json
      ? JSON.stringify({ base_url: baseUrl, token })
      : `Sandbox with sample data; press Ctrl-C to stop it.\n\nBase URL  ${baseUrl}\nToken     ${token}`,
  );
  await new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  await sandbox.close();
}

async function openSandbox({ port, seed = 1, size, fault = [] }: SandboxFlags): Promise<Sandbox> {
  const [{ startSandbox }, { parseFault }] = await Promise.all([
    import('../sandbox/start.ts'),
    import('../sandbox/faults.ts'),
  ]);
  try {
    return await startSandbox({ port, seed, size, faults: fault.map(parseFault) });
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

/** @throws InvalidArgumentError, as all parsers here do */
function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** A port, or 0 for any. */
function port(text: string): number {
  const value = wholeNumber(text);
  if (value > 65_535) throw new InvalidArgumentError('It must be at most 65535.');
  return value;
}

/** The number of accounts, or a named size. */
function size(text: string): SandboxSize {
  if (/^\d+$/.test(text)) return Number(text);
  if (text === 'small' || text === 'medium' || text === 'large') return text;
  throw new InvalidArgumentError('It must be small, medium, large or a number.');
}
