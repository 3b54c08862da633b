import { fileURLToPath } from 'node:url';
import { startSandbox } from '../src/sandbox/start.ts';
import { runSteps, type Variables } from './http-steps.ts';
import type { Surface, Task } from './task.ts';

/** Replaces parts of a stage, so that tests can put faults into it. */
export interface StageOptions {
  /** The built server. */
  readonly cli?: string;
  /** Starts a proxy before the sandbox. */
  readonly proxy?: (upstream: string) => Promise<{ readonly url: string; close(): void }>;
}

/** A fresh sandbox, and how to start the server against it. */
export interface Stage {
  readonly command: string;
  readonly args: string[];
  readonly env: Record<string, string>;
  /** Whether the state of the sandbox is as the task wants it: what is not. */
  verifyState(): Promise<string[]>;
  close(): Promise<void>;
}

/** Every sandbox starts at this time, and stays there. */
const clock = '2026-08-31T12:00:00Z';
const clockModule = new URL('clock.mjs', import.meta.url).href;
const builtCli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

/** Starts a sandbox and makes the task's setup in it. Throws an Error if the setup fails. */
export async function startStage(task: Task, surface: Surface, options: StageOptions = {}): Promise<Stage> {
  const { flags, env, size, token } = task.evals;
  const sandbox = await startSandbox({ seed: 1, clock, size });
  const proxy = await options.proxy?.(sandbox.baseUrl);
  const close = async () => {
    proxy?.close();
    await sandbox.close();
  };
  try {
    const variables: Variables = { SYNQLY_BASE_URL: sandbox.baseUrl, SYNQLY_TOKEN: sandbox.token };
    const problems = await runSteps(task.spec.setup ?? [], variables);
    if (problems.length > 0) throw new Error(`The setup failed: ${problems.join('; ')}`);
    const serverToken = token ? await createToken(token, variables) : sandbox.token;
    const baseUrl = proxy?.url ?? sandbox.baseUrl;
    return {
      command: process.execPath,
      args: [
        ...['--import', clockModule, options.cli ?? builtCli],
        ...['--base-url', baseUrl, '--surface', surface, '--log-level', 'silent'],
        // Claude Code without a person would refuse confirm_call.
        ...['--tool-meta', 'off'],
        ...flags,
      ],
      env: {
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? '',
        // Nothing is kept between runs.
        XDG_STATE_HOME: '/dev/null',
        EVALS_TIME: clock,
        SYNQLY_TOKEN: serverToken,
        ...env,
      },
      verifyState: () => runSteps(task.spec.verify, variables),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function createToken(body: Record<string, unknown>, variables: Variables): Promise<string> {
  const response = await fetch(`${variables.SYNQLY_BASE_URL}/v1/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${variables.SYNQLY_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The token of the task was not created: ${text}`);
  return JSON.parse(text).result.primary.access.secret;
}
