import type { DestinationStream, Logger } from 'pino';
import { escapeUnprintable, isPrintable } from '../lib/escape-control-characters.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import { mapStack } from '../lib/map-stack.ts';
import { type Mask, maskFor, type Secrets } from '../lib/mask.ts';
import { isSecretName, withheld } from '../lib/secret-names.ts';

const levels = ['error', 'warn', 'info', 'debug'] as const;
type Level = (typeof levels)[number];

/** A structured log. Data goes into fields; the message is a constant. */
export type Log = Readonly<Record<Level, (fields: object, message: string) => void>> & {
  /** Resolves when every line so far is written. */
  flush(): Promise<void>;
};

/** Own redaction: pino's supports paths of any depth, which costs several times as much per call. */
function redact(fields: JsonObject, depth = 0): JsonObject {
  let redacted = fields;
  for (const name in fields) {
    const value = fields[name];
    const clean = isSecret(name)
      ? withheld
      : isJsonObject(value) && depth === 0
        ? redact(value, depth + 1)
        : value;
    // Copy only if something changed; most lines hold no secret.
    if (clean !== value) redacted = { ...redacted, [name]: clean };
  }
  return redacted;
}

/** Cache of field names, which are few and repeat in every line. */
const cachedNames = new Map<string, boolean>();
const maxCachedNames = 500;

/** Whether a field with this name is redacted, at the top level or one below. */
function isSecret(name: string): boolean {
  const before = cachedNames.get(name);
  if (before !== undefined) return before;
  if (cachedNames.size >= maxCachedNames) cachedNames.clear();
  const isSecretField = isSecretName(name);
  cachedNames.set(name, isSecretField);
  return isSecretField;
}

/**
 * Creates a log on stderr: stdout carries the protocol, and a stray line there would break a client's connection.
 * Writes JSON lines, or readable ones on a terminal. pino is loaded with the first line, to keep the start fast.
 *
 * @param level the least severe level that is written, or `silent`
 * @param secrets values to mask wherever they occur in a line
 */
export function createLogger(level: Level | 'silent', ...secrets: readonly Secrets[]): Log {
  const written = new Set(levels.slice(0, (levels as readonly string[]).indexOf(level) + 1));
  let logger: Logger | undefined;
  let opening: Promise<Logger> | undefined;
  const open = async () => {
    logger = await openLogger(level, secrets);
    return logger;
  };
  const write = (severity: Level) => (fields: object, message: string) => {
    if (!written.has(severity)) return;
    if (logger) return logger[severity](fields, message);
    opening ??= open();
    void opening.then((opened) => opened[severity](fields, message));
  };
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    flush: async () => {
      await opening;
      writeLines();
      await drained();
    },
  };
}

async function openLogger(level: string, secrets: readonly Secrets[]): Promise<Logger> {
  const { default: pino } = await import('pino');
  // A closed stderr must not crash the process.
  process.stderr.on('error', () => {});
  process.once('exit', writeLines);
  const stream = process.stderr.isTTY ? await prettyStream() : stderr;
  return pino(
    {
      level,
      base: null,
      timestamp,
      serializers: { err: (error) => withMappedStack(pino.stdSerializers.err(error)) },
      formatters: { level: (label) => ({ level: label }), log: (fields) => redact(fields) },
    },
    maskingStream(stream, secrets),
  );
}

function withMappedStack(error: unknown): unknown {
  return isJsonObject(error) && typeof error.stack === 'string'
    ? { ...error, stack: mapStack(error.stack) }
    : error;
}

let lastTime = 0;
let lastTimestamp = '';

/** Like pino's `isoTime`, cached per millisecond: formatting it takes a third of a line's cost on a busy server. */
function timestamp(): string {
  const now = Date.now();
  if (now !== lastTime) {
    lastTime = now;
    lastTimestamp = `,"time":"${new Date(now).toISOString()}"`;
  }
  return lastTimestamp;
}

/** Lines of one event loop turn are written together: under load, writing is most of a line's cost. */
const stderr: DestinationStream = { write: collectLine };

let lines: string[] = [];

function collectLine(line: string): void {
  if (lines.length === 0) setImmediate(writeLines);
  lines.push(isPrintable(line) ? line : `${escapeUnprintable(line.trimEnd())}\n`);
}

function writeLines(): void {
  if (lines.length === 0) return;
  const text = lines.join('');
  lines = [];
  process.stderr.write(text);
}

/** Milliseconds for a slow reader of the log. */
const drainTimeoutMs = 1_000;

/** Waits until the pipe has taken all lines, which an exit would discard. */
function drained(): Promise<void> {
  return new Promise((resolve) => {
    if (process.stderr.destroyed || process.stderr.writableLength === 0) return resolve();
    setTimeout(resolve, drainTimeoutMs).unref();
    process.stderr.write('', () => resolve());
  });
}

async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ destination: 2, sync: true, ignore: 'pid,hostname' });
}

/** Masks secrets in finished lines: a library's error message may contain them. */
function maskingStream(stream: DestinationStream, secrets: readonly Secrets[]): DestinationStream {
  return {
    write: (line) => {
      const mask = maskFor(...secrets);
      // Most lines hold none. Otherwise only values are masked, so that the line stays valid JSON.
      stream.write(mask && mask(line) !== line ? `${JSON.stringify(maskLine(line, mask))}\n` : line);
    },
  };
}

function maskLine(line: string, mask: Mask): unknown {
  const { level, time, ...rest } = JSON.parse(line) as JsonObject;
  const entries = Object.entries(rest).map(([name, value]) => [name, maskValue(value, mask)]);
  return { level, time, ...Object.fromEntries(entries) };
}

/** Masks names below the top level too: only top-level names are ours. */
function maskValue(value: unknown, mask: Mask): unknown {
  if (typeof value === 'string') return mask(value);
  if (typeof value === 'number') return mask(String(value)) === String(value) ? value : withheld;
  if (Array.isArray(value)) return value.map((item) => maskValue(item, mask));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [mask(name), maskValue(part, mask)]));
}
