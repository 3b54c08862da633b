import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { request as send } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Step, steps, type Transport } from './clients.ts';
import { type Cell, createAccounts, type Servers, type Session, toolNames } from './hold-session.ts';
import { messagesIn } from './messages.ts';
import { clientEnvironment } from './run-program.ts';
import { serverCommand } from './sandbox.ts';

/** Messages of a client that cannot be run here, and what must come back. */
export interface Recording {
  readonly client: string;
  readonly transport: Extract<Transport, 'stdio' | 'HTTP'>;
  /** The revision of the protocol that the server must answer with. */
  readonly protocol: string;
  /** Where its messages were seen. */
  readonly source: string;
  readonly exchanges: readonly Exchange[];
}

const limitMs = 20_000;

interface Exchange {
  readonly step: 'open' | Step;
  readonly send: { readonly method: string };
  /** All headers of the request over HTTP, but for the token. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly status?: number;
  /** How the person answers the form that comes before the answer. */
  readonly form?: Readonly<Record<string, unknown>>;
  /**
   * The parts of the answer that count: `{"contains": ...}` stands for a text with these parts, and `"every tool"` for the
   * tools of the server; undefined for a notification.
   */
  readonly answer?: unknown;
}

export function readRecordings(): Recording[] {
  const folder = new URL('recorded/', import.meta.url);
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const lines = readFileSync(new URL(name, folder), 'utf8').trim().split('\n');
      const [about, ...exchanges] = lines.map((line) => JSON.parse(line));
      return { ...about, exchanges };
    });
}

/** Sends the messages one after the other and compares what comes back. */
export async function replay(recording: Recording, servers: Servers): Promise<Session> {
  const { sandbox } = servers;
  const accounts = await createAccounts(sandbox);
  const connection = recording.transport === 'stdio' ? openStdio(servers) : openHttp(servers);
  const problems = new Map<string, string>();
  const placeholders: Record<string, string> = { ...accounts };
  try {
    for (const recorded of recording.exchanges) {
      const exchange = fillIn(recorded, placeholders);
      const { status, answer } = await connection
        .exchange(exchange)
        .catch((error: Error) => ({ status: undefined, answer: error.message }));
      placeholders.confirmation = /\\"id\\":\\"([^"\\]+)\\"/.exec(JSON.stringify(answer) ?? '')?.[1] ?? '';
      const problem =
        exchange.status !== undefined && status !== exchange.status
          ? `HTTP ${status} instead of ${exchange.status}: ${JSON.stringify(answer)}`
          : differenceBetween(exchange.answer, answer, exchange.send.method);
      if (problem !== undefined && !problems.has(exchange.step)) problems.set(exchange.step, problem);
    }
    if (!(await sandbox.hasAccount(accounts.declined))) problems.set('decline', 'deleted all the same');
    if (await sandbox.hasAccount(accounts.confirmed)) problems.set('confirm', 'not deleted');
  } finally {
    connection.close();
  }
  const cellOf = (step: string, text: string): Cell => {
    const problem = problems.get(step);
    return problem === undefined
      ? { outcome: 'ok', text }
      : { outcome: 'failed', text: problem.slice(0, 300) };
  };
  const showsForms = recording.exchanges.some(({ form }) => form !== undefined);
  const texts: Partial<Record<Step, string>> = showsForms
    ? { decline: 'form', confirm: 'form' }
    : { decline: 'preview', confirm: 'confirm_call' };
  const cells = steps.map((step) => [step, cellOf(step, texts[step] ?? 'ok')]);
  return { protocol: cellOf('open', recording.protocol), steps: Object.fromEntries(cells) };
}

/** The end of the wait for an answer that does not come. */
const silence = () => sleep(limitMs, { value: '', done: true as const }, { ref: false });

interface Connection {
  exchange(exchange: Exchange): Promise<{ status?: number; answer: unknown }>;
  close(): void;
}

function openStdio({ sandbox }: Servers): Connection {
  const [command, script] = serverCommand;
  const child = spawn(command, [script, '--base-url', sandbox.baseUrl], {
    env: clientEnvironment('/nonexistent', { SYNQLY_TOKEN: sandbox.token }),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async exchange({ send: message, answer, form }) {
      let wasShown = false;
      child.stdin.write(`${JSON.stringify(message)}\n`);
      while (answer !== undefined) {
        const { value, done } = await Promise.race([answers.next(), silence()]);
        if (done) return { answer: undefined };
        const received = JSON.parse(value);
        if (received.method === 'elicitation/create' && form !== undefined) {
          wasShown = true;
          child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: received.id, result: form })}\n`);
        }
        // Notifications of the server are not what is waited for.
        if (received.method !== undefined) continue;
        return { answer: form !== undefined && !wasShown ? 'no form was shown' : received };
      }
      return { answer: undefined };
    },
    close: () => child.kill(),
  };
}

function openHttp({ sandbox, urls }: Servers): Connection {
  return {
    exchange: ({ send: message, headers = {} }) =>
      new Promise((resolve, reject) => {
        const authorization = `Bearer ${sandbox.token}`;
        // Not fetch, which adds headers of its own.
        const request = send(
          urls.HTTP,
          { method: 'POST', headers: { ...headers, authorization } },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk) => chunks.push(chunk));
            response.on('end', () => {
              const text = String(Buffer.concat(chunks));
              resolve({ status: response.statusCode ?? 0, answer: messagesIn(text).at(-1) });
            });
            response.on('error', reject);
          },
        );
        request.on('error', reject);
        request.end(JSON.stringify(message));
      }),
    close: () => {},
  };
}

const fillIn = (exchange: Exchange, values: Readonly<Record<string, string>>): Exchange =>
  JSON.parse(JSON.stringify(exchange).replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? ''));

/** Where what came differs from the parts that count. */
function differenceBetween(wanted: unknown, found: unknown, path: string): string | undefined {
  if (wanted === undefined) return undefined;
  if (wanted === 'every tool') {
    const names = (found as { name: string }[] | undefined)?.map(({ name }) => name).sort();
    return isDeepStrictEqual(names, toolNames) ? undefined : `${path} has ${names?.length ?? 'no'} tools`;
  }
  const parts = (wanted as { contains?: string | string[] } | null)?.contains;
  if (parts !== undefined) {
    const missing = [parts].flat().find((part) => !String(found).includes(part));
    return missing === undefined ? undefined : `${path} has no "${missing}": ${String(found)}`;
  }
  if (typeof wanted !== 'object' || wanted === null) {
    return wanted === found
      ? undefined
      : `${path} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`;
  }
  if (typeof found !== 'object' || found === null) return `${path} is ${JSON.stringify(found)}`;
  for (const [key, value] of Object.entries(wanted)) {
    const difference = differenceBetween(value, (found as Record<string, unknown>)[key], `${path}.${key}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}
