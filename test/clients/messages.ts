import { readFileSync } from 'node:fs';
import { createServer, request as send } from 'node:http';
import { listen } from './listen.ts';

/** A message between a client and the server. */
export interface Recorded {
  /** The process or the HTTP request that the message belongs to: ids of messages are unique within it. */
  readonly exchange: string;
  readonly from: 'client' | 'server';
  // biome-ignore lint/suspicious/noExplicitAny: messages are read in parts, whatever they hold
  readonly message: any;
}

/** What `drivers/record-stdio.mjs` has written. */
export function readRecordedFile(file: string): Recorded[] {
  const lines = readFileSync(file, { encoding: 'utf8', flag: 'a+' }).trim().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}

/** Stands before an HTTP server and records the messages that pass. */
export interface RecordingProxy {
  readonly url: string;
  readonly recorded: Recorded[];
  close(): void;
}

export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const recorded: Recorded[] = [];
  let count = 0;
  const server = createServer(async (incoming, response) => {
    count += 1;
    const record = (from: Recorded['from'], text: string) => {
      const exchange = String(count);
      for (const message of messagesIn(text)) recorded.push({ exchange, from, message });
    };
    const body = Buffer.concat(await incoming.toArray());
    record('client', String(body));
    const { method, url = '' } = incoming;
    const { host: _, ...headers } = incoming.headers;
    const onward = send(new URL(url, target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers).flushHeaders();
      const chunks: Buffer[] = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('close', () => record('server', String(Buffer.concat(chunks))));
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.end(body);
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    recorded,
    close: () => server.close().closeAllConnections(),
  };
}

/** The messages in a body of JSON or of server-sent events. */
export function messagesIn(text: string): unknown[] {
  const events = [...text.matchAll(/^data: ?(.*)$/gm)].map(([, data = '']) => data);
  return (events.length > 0 ? events : [text]).flatMap((json) => {
    try {
      return JSON.parse(json);
    } catch {
      return [];
    }
  });
}

const versionKey = 'io.modelcontextprotocol/protocolVersion';
const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';

/** What the messages show of a client. */
export interface Observed {
  /** The revision that its requests were answered in. */
  readonly protocol: string | undefined;
  /** Whether it says that it can show forms. */
  readonly showsForms: boolean;
  /** Methods that were answered with a result. */
  readonly answered: ReadonlySet<string>;
}

export function observe(recorded: readonly Recorded[]): Observed {
  const results = new Map(
    recorded
      .filter(({ from, message }) => from === 'server' && message.result !== undefined)
      .map(({ exchange, message }) => [`${exchange} ${message.id}`, message.result]),
  );
  const answered = recorded
    .filter(({ from, message }) => from === 'client' && typeof message.method === 'string')
    .flatMap(({ exchange, message }) => {
      const result = results.get(`${exchange} ${message.id}`);
      return result === undefined ? [] : [{ ...message, result }];
    });
  const modern = answered.filter(({ params }) => params?._meta?.[versionKey] !== undefined);
  // The last one: a proxy may open a connection of its own first.
  const initialize = answered.findLast(({ method }) => method === 'initialize');
  const used = modern.find(({ method }) => method !== 'server/discover');
  const last = used ?? initialize ?? modern[0];
  const capabilities = last?.params?._meta?.[capabilitiesKey] ?? last?.params?.capabilities;
  return {
    protocol: last === initialize ? initialize?.result.protocolVersion : last?.params._meta[versionKey],
    showsForms: capabilities?.elicitation !== undefined,
    answered: new Set(answered.map(({ method }) => method)),
  };
}
