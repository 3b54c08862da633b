import { describeFailure } from '../app/startup-errors.ts';
import { ConfigError } from '../config/load-config.ts';
import { usageError } from './exit-status.ts';
import { startServer } from './start-server.ts';

/** Runs the command line. Errors are printed in a line or two, without a stack. */
export async function run(): Promise<void> {
  // A closed stderr must not crash the process.
  process.stderr.on('error', () => {});
  // Node would print the failing source line, which is huge in the bundle.
  process.on('uncaughtException', (error) => fail(error));
  try {
    // Most clients pass variables only; declaring all flags and commands takes 6 % of a start.
    if (process.argv.length === 2) await startServer({});
    else await (await import('./command-line.ts')).runCommandLine();
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  process.stderr.write(`synqly-mcp: ${describeFailure(error, wantsDetails())}\n`);
  process.exit(error instanceof ConfigError ? usageError : 1);
}

/** Whether debug output is wanted, read directly, since the settings may be invalid. */
function wantsDetails(): boolean {
  const { SYNQLY_LOG_LEVEL: level } = process.env;
  return level === 'debug' || /--log-level[ =]debug\b/.test(process.argv.join(' '));
}
