import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ordinaryUser, readableCli } from './ordinary-user.ts';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A home directory of its own, in which the built program runs as an ordinary user. */
export class Home {
  /** With a space and letters beyond ASCII, as people have them. */
  readonly path = join(mkdtempSync(join(tmpdir(), 'init-')), 'Zoë Müller');

  constructor() {
    mkdirSync(this.path);
    this.#give(dirname(this.path));
    this.#give(this.path);
  }

  at(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** Writes a file that belongs to the user, and its folders. */
  write(name: string, content: string | Buffer, mode = 0o600): string {
    const path = this.at(name);
    this.makeFolder(dirname(name));
    writeFileSync(path, content);
    chmodSync(path, mode);
    this.#give(path);
    return path;
  }

  makeFolder(name: string): void {
    const parts = name.split('/');
    for (const [index] of parts.entries()) {
      const path = this.at(...parts.slice(0, index + 1));
      mkdirSync(path, { recursive: true });
      this.#give(path);
    }
  }

  read(name: string): Buffer {
    return readFileSync(this.at(name));
  }

  /** Runs the built program without a terminal. */
  run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
    return this.#spawn(process.execPath, [readableCli, ...args], env).ended;
  }

  /** Runs the built program at a terminal. `answer` is called with all that has been shown, each time that more is. */
  async runAtTerminal(
    args: readonly string[],
    answer: (shown: string, type: (text: string) => void) => void,
  ): Promise<Ended> {
    const quoted = [process.execPath, readableCli, ...args].map((word) => `'${word}'`).join(' ');
    const { child, ended } = this.#spawn('script', ['-qec', quoted, '/dev/null'], {});
    let shown = '';
    child.stdout.on('data', (chunk) => {
      shown += chunk;
      answer(shown, (text) => child.stdin.write(`${text}\r`));
    });
    return ended;
  }

  remove(): void {
    rmSync(dirname(this.path), { recursive: true, force: true });
  }

  #give(path: string): void {
    const { uid, gid } = ordinaryUser;
    if (uid !== undefined) chownSync(path, uid, gid);
  }

  #spawn(command: string, args: readonly string[], env: Record<string, string>) {
    const { PATH } = process.env;
    const child = spawn(command, args, {
      ...ordinaryUser,
      cwd: this.path,
      env: { PATH, HOME: this.path, TERM: 'dumb', ...env },
      timeout: 60_000,
    });
    if (command !== 'script') child.stdin.end();
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text) => {
        output[stream] += text;
      });
    }
    const ended = new Promise<Ended>((resolve) =>
      child.once('close', (status) => resolve({ status, ...output })),
    );
    return { child, ended };
  }
}

/** Whether all bytes of a content are in another one, in order: nothing of it is lost. */
export function isKeptIn(before: Buffer, after: Buffer): boolean {
  let found = 0;
  for (const byte of after) if (found < before.length && byte === before[found]) found += 1;
  return found === before.length;
}
