import * as zlib from 'node:zlib';

/* Answers that come encoded although `identity` is asked for: some proxies compress whatever passes them. */

/** Codings that are taken off one after the other; no server puts on as many. */
const maxCodings = 4;
const chunkSize = 64 * 1024;

type Stage = zlib.Gunzip | zlib.Inflate | zlib.InflateRaw | zlib.BrotliDecompress;

/** Makes what takes a coding off, from the first bytes that have it on. */
type MakeStage = (first: Buffer) => Stage;

const gunzip: MakeStage = () => zlib.createGunzip({ chunkSize });

const stages: Readonly<Record<string, MakeStage | undefined>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  // RFC 9110, 8.4.1.2: deflate means the zlib format, though some servers send what is inside of it alone.
  deflate: (first) =>
    hasZlibHeader(first) ? zlib.createInflate({ chunkSize }) : zlib.createInflateRaw({ chunkSize }),
  br: () => zlib.createBrotliDecompress({ chunkSize }),
  zstd: zstdOfThisNode(),
};

/** Node has it from 22.15 on. */
function zstdOfThisNode(): MakeStage | undefined {
  const { createZstdDecompress: create } = zlib as { createZstdDecompress?: (options: object) => Stage };
  return create && (() => create({ chunkSize }));
}

/** RFC 1950, 2.2: the method is deflate, and both bytes together are a multiple of 31. */
function hasZlibHeader(bytes: Buffer): boolean {
  const [method = 0, flags = 0] = bytes;
  return (method & 0x0f) === 8 && (bytes.length < 2 || (method * 256 + flags) % 31 === 0);
}

export interface Decoding {
  /** Bytes of which no coding may take off more. */
  readonly maxBytes: number;
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** Nothing follows either of these. */
  onBroken(): void;
  onTooLarge(): void;
  /** What was written has been worked off. */
  onDrain(): void;
}

export interface Decoder {
  /** Gives false when nothing more should be written before `onDrain`. */
  write(chunk: Buffer): boolean;
  end(): void;
  /** Gives up what is not decoded yet. */
  destroy(): void;
}

/**
 * Takes the codings off a body as it arrives.
 *
 * @param codings of Content-Encoding, in its order
 * @returns undefined when one of them is not known here
 */
export function openDecoder(codings: readonly string[], decoding: Decoding): Decoder | undefined {
  const makers = codings.map((coding) => (Object.hasOwn(stages, coding) ? stages[coding] : undefined));
  if (makers.length > maxCodings || makers.includes(undefined)) return undefined;
  const streams: Stage[] = [];
  const destroy = () => {
    for (const stream of streams) stream.destroy();
  };
  const last: Decoder = {
    write: (chunk) => {
      decoding.onData(chunk);
      return true;
    },
    end: () => decoding.onEnd(),
    destroy,
  };
  const add = (next: Decoder, make: MakeStage): Decoder => {
    let stream: Stage | undefined;
    let bytes = 0;
    const open = (first: Buffer): Stage => {
      const opened = make(first);
      streams.push(opened);
      opened.on('data', (chunk: Buffer) => {
        if (opened.destroyed) return;
        bytes += chunk.length;
        // What is still encoded is bounded too: one coding may blow up what the next one takes off.
        if (bytes <= decoding.maxBytes) return void next.write(chunk);
        destroy();
        decoding.onTooLarge();
      });
      opened.on('end', () => next.end());
      opened.on('drain', () => decoding.onDrain());
      opened.on('error', () => {
        destroy();
        decoding.onBroken();
      });
      return opened;
    };
    return {
      write: (chunk) => {
        stream ??= open(chunk);
        return stream.write(chunk);
      },
      // Nothing at all is an empty body, whatever it is said to be encoded as.
      end: () => (stream ? void stream.end() : next.end()),
      destroy,
    };
  };
  return (makers as MakeStage[]).reduce(add, last);
}
