/** Receives the lines of a stream. */
export interface LineHandler {
  /** A complete line, without its line feed. */
  onLine(line: Buffer): void;
  /** A line above the limit, of which only the beginning and the end are kept. */
  onSkipped(beginning: Buffer, end: Buffer): void;
}

export interface Lines {
  add(chunk: Buffer): void;
  /** Ends the stream: text after the last line feed is a line too. */
  end(): void;
}

/** Bytes kept from each end of a skipped line: the message's id is usually there. */
const skippedEdgeBytes = 4096;

const lineEnd = 0x0a;

/** Splits a byte stream into lines, and buffers no more than the maximum line length. */
export function splitLines(maxLength: number, handler: LineHandler): Lines {
  let parts: Buffer[] = [];
  let length = 0;
  let skipped: { readonly beginning: Buffer; end: Buffer } | undefined;

  const keep = (part: Buffer) => {
    if (part.length === 0) return;
    if (skipped) {
      skipped.end = lastBytes(skipped.end, part);
      return;
    }
    parts.push(part);
    length += part.length;
    if (length <= maxLength) return;
    const whole = Buffer.concat(parts, length);
    // Copies, so that the whole line can be freed.
    skipped = {
      beginning: Buffer.from(whole.subarray(0, skippedEdgeBytes)),
      end: Buffer.from(whole.subarray(-skippedEdgeBytes)),
    };
    parts = [];
    length = 0;
  };
  const finish = () => {
    const [line, tooLong] = [
      parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, length),
      skipped,
    ];
    parts = [];
    length = 0;
    skipped = undefined;
    if (tooLong) handler.onSkipped(tooLong.beginning, tooLong.end);
    else handler.onLine(line);
  };

  return {
    add: (chunk) => {
      let start = 0;
      for (;;) {
        const end = chunk.indexOf(lineEnd, start);
        if (end === -1) break;
        keep(chunk.subarray(start, end));
        finish();
        start = end + 1;
      }
      keep(chunk.subarray(start));
    },
    end: () => {
      if (length > 0 || skipped) finish();
    },
  };
}

function lastBytes(kept: Buffer, part: Buffer): Buffer {
  if (part.length >= skippedEdgeBytes) return Buffer.from(part.subarray(-skippedEdgeBytes));
  return Buffer.from(Buffer.concat([kept, part]).subarray(-skippedEdgeBytes));
}
