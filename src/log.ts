import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

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
 * A logger on stderr: stdout belongs to the protocol, and one stray line there ends a client's connection.
 * JSON lines, or readable ones on a terminal.
 *
 * @param secrets values that are masked wherever they turn up in a line
 */
export async function createLog(level: string, secrets: Iterable<string>): Promise<Log> {
  const destination = maskingStream(process.stderr.isTTY ? await prettyStream() : stderr, secrets);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: '[withheld]' },
    },
    destination,
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
