import { execFile } from 'node:child_process';
import { run } from './session.mjs';

/** Runs a client's own command line, on the Node that runs this. */
export function runCommand(script, args, { acceptExitCodes = [0], env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(
      process.execPath,
      [`${run.modules}/${script}`, ...args],
      options,
      (error, stdout, stderr) => {
        if (error && !acceptExitCodes.includes(error.code)) {
          reject(new Error(`exit code ${error.code}: ${(stderr || stdout).trim().slice(-400)}`));
        } else resolve({ stdout, stderr });
      },
    );
    child.stdin.end();
  });
}
