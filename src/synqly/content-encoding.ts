import * as zlib from 'node:zlib';

/* Decodes responses that are compressed although `identity` is requested: some proxies compress everything. */

/** Maximum number of codings; no server applies as many. */
const maxCodings = 4;
const chunkSize = 64 * 1024;

type Stage = zlib.Gunzip | zlib.Inflate | zlib.InflateRaw | zlib.BrotliDecompress;

/** Creates a decompressor, given the first bytes. */
type MakeStage = (first: Buffer) => Stage;

const gunzip: MakeStage = () => zlib.createGunzip({ chunkSize });

const stages: Readonly<Record<string, MakeStage | undefined>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  // RFC 9110, 8.4.1.2: deflate means the zlib format, but some servers send raw deflate data.
  deflate: (first) =>
    hasZlibHeader(first) ? zlib.createInflate({ chunkSize }) : zlib.createInflateRaw({ chunkSize }),
  br: () => zlib.createBrotliDecompress({ chunkSize }),
  zstd: zstdIfAvailable(),
};

/** Available from Node 22.15. */
function zstdIfAvailable(): MakeStage | undefined {
  const { createZstdDecompress: create } = zlib as { createZstdDecompress?: (options: object) => Stage };
  return create && (() => create({ chunkSize }));
}

/** RFC 1950, 2.2: the method is deflate, and both bytes together are a multiple of 31. */
function hasZlibHeader(bytes: Buffer): boolean {
  const [method = 0, flags = 0] = bytes;
  return (method & 0x0f) === 8 && (bytes.length < 2 || (method * 256 + flags) % 31 === 0);
}

export interface Decoding {
  /** Maximum bytes that each coding may produce. */
  readonly maxBytes: number;
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** No other callback follows either of these. */
  onBroken(): void;
  onTooLarge(): void;
  /** All written data has been processed. */
  onDrain(): void;
}

export interface Decoder {
  /** Returns false when the caller should wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  end(): void;
  /** Discards data that is not decoded yet. */
  destroy(): void;
}

/**
 * Decodes a body as it arrives.
 *
 * @param codings from Content-Encoding, in its order
 * @returns undefined if a coding is not supported
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
        // Intermediate results are limited too: one coding may inflate the input of the next.
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
      // No data is an empty body, whatever its encoding.
      end: () => (stream ? void stream.end() : next.end()),
      destroy,
    };
  };
  return (makers as MakeStage[]).reduce(add, last);
}
