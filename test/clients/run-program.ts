import { spawn } from 'node:child_process';

export interface Ended {
  /** undefined when the time limit ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in a process group of its own, and ends the whole group after it or at the time limit. */
export async function runProgram(
  command: string,
  args: readonly string[],
  { cwd, env, limitMs }: { cwd: string; env: NodeJS.ProcessEnv; limitMs: number },
): Promise<Ended> {
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text) => {
      output[stream] += text;
    });
  }
  const endGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Nobody is left in the group.
    }
  };
  let expired = false;
  const limit = setTimeout(() => {
    expired = true;
    endGroup();
  }, limitMs);
  return new Promise((resolve) => {
    const end = (code: number | null) => {
      clearTimeout(limit);
      endGroup();
      resolve({ code: expired ? undefined : (code ?? 1), ...output });
    };
    child.on('error', (error) => {
      output.stderr += error.message;
      end(1);
    });
    child.on('close', end);
    // A process that outlives the client may hold its output open.
    child.on('exit', (code) => setTimeout(end, 2000, code).unref());
  });
}

/** The variables that a client needs of this process: no credentials, no settings of the person who runs it. */
export function clientEnvironment(home: string, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PATH, LANG } = process.env;
  return {
    PATH,
    LANG,
    HOME: home,
    XDG_CONFIG_HOME: `${home}/.config`,
    XDG_CACHE_HOME: `${home}/.cache`,
    TERM: 'dumb',
    NO_COLOR: '1',
    DO_NOT_TRACK: '1',
    ...extra,
  };
}
