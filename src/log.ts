import type { DestinationStream, Logger } from 'pino';

const levels = ['error', 'warn', 'info', 'debug'] as const;
type Level = (typeof levels)[number];

/** Writes lines about what the server does. Facts are data; the message is a constant sentence. */
export type Log = Readonly<Record<Level, (facts: object, message: string) => void>> & {
  /** Resolves when every line so far is written. */
  flush(): Promise<void>;
};

/** Property names whose value is never logged, at the top level or one below. */
const secretNames = [
  'authorization',
  'token',
  'secret',
  'password',
  'client_secret',
  'secret_access_key',
  'private_key',
];

/**
 * A log on stderr: stdout belongs to the protocol, and one stray line there ends a client's connection. JSON
 * lines, or readable ones on a terminal. pino is loaded with the first line, so that it does not slow the start.
 *
 * @param level the least severe level that is written, or `silent`
 * @param secrets values that are masked wherever they turn up in a line
 */
export function createLog(level: Level | 'silent', secrets: Iterable<string>): Log {
  const written = new Set(levels.slice(0, (levels as readonly string[]).indexOf(level) + 1));
  let opening: Promise<Logger> | undefined;
  const write = (severity: Level) => (facts: object, message: string) => {
    if (!written.has(severity)) return;
    opening ??= open(level, secrets);
    void opening.then((logger) => logger[severity](facts, message));
  };
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    flush: async () => void (await opening),
  };
}

async function open(level: string, secrets: Iterable<string>): Promise<Logger> {
  const { default: pino } = await import('pino');
  // Whoever read the log is gone; that is no reason to end.
  process.stderr.on('error', () => {});
  const stream = process.stderr.isTTY ? await prettyStream() : stderr;
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: '[withheld]' },
    },
    maskingStream(stream, secrets),
  );
}

const stderr: DestinationStream = { write: (line) => void process.stderr.write(line) };

async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ destination: 2, sync: true, ignore: 'pid,hostname' });
}

/** The last net: a message of a library may repeat what it was given. */
function maskingStream(stream: DestinationStream, secrets: Iterable<string>): DestinationStream {
  return {
    write: (line) => {
      let masked = line;
      for (const value of secrets) masked = masked.replaceAll(value, '[withheld]');
      stream.write(masked);
    },
  };
}
