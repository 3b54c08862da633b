import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Asks a person at the terminal. */
export interface Person {
  ask(question: string, fallback?: string): Promise<string>;
  /** Asks without showing what is typed. */
  askSecret(question: string): Promise<string>;
  confirm(question: string, fallback: boolean): Promise<boolean>;
  close(): void;
}

/** The person at the terminal; undefined without one. Questions go to stderr, so that stdout has the results only. */
export function openTerminal(): Person | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  let isHidden = false;
  const output = new Writable({
    write: (chunk, _, done) => {
      if (!isHidden) process.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  const stopped = new AbortController();
  lines.on('SIGINT', () => stopped.abort());
  lines.on('close', () => stopped.abort());
  const ask = async (question: string) => {
    try {
      return (await lines.question(question, { signal: stopped.signal })).trim();
    } catch {
      isHidden = false;
      process.stderr.write('\nNothing more is changed.\n');
      process.exit(130);
    }
  };
  return {
    ask: async (question, fallback = '') =>
      (await ask(`${question}${fallback === '' ? '' : ` [${fallback}]`}: `)) || fallback,
    askSecret: async (question) => {
      process.stderr.write(`${question}: `);
      isHidden = true;
      const answer = await ask('');
      isHidden = false;
      process.stderr.write('\n');
      return answer;
    },
    confirm: async (question, fallback) => {
      for (;;) {
        const answer = (await ask(`${question} [${fallback ? 'Y/n' : 'y/N'}]: `)).toLowerCase();
        if (answer === '') return fallback;
        if (/^y(?:es)?$/.test(answer)) return true;
        if (/^no?$/.test(answer)) return false;
      }
    },
    close: () => {
      lines.removeAllListeners('close');
      lines.close();
    },
  };
}
