/** What is told of the lines of a stream. */
export interface LineHandler {
  /** A whole line, without its end. */
  onLine(line: Buffer): void;
  /** A line that was too long, and was skipped but for its beginning and its end. */
  onSkipped(beginning: Buffer, end: Buffer): void;
}

export interface Lines {
  add(chunk: Buffer): void;
  /** What stands behind the last line end is a line too, once nothing follows. */
  end(): void;
}

/** Bytes that are kept of a skipped line at either side: its id is there, if it can be found at all. */
const keptOfSkipped = 4096;

const lineEnd = 0x0a;

/** Cuts a stream of bytes into lines, of which none takes more memory than the longest that is allowed. */
export function cutLines(maxLength: number, handler: LineHandler): Lines {
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
    // Copies, so that the whole can be given back.
    skipped = {
      beginning: Buffer.from(whole.subarray(0, keptOfSkipped)),
      end: Buffer.from(whole.subarray(-keptOfSkipped)),
    };
    parts = [];
    length = 0;
  };
  const finish = () => {
    const [line, over] = [parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, length), skipped];
    parts = [];
    length = 0;
    skipped = undefined;
    if (over) handler.onSkipped(over.beginning, over.end);
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
  if (part.length >= keptOfSkipped) return Buffer.from(part.subarray(-keptOfSkipped));
  return Buffer.from(Buffer.concat([kept, part]).subarray(-keptOfSkipped));
}
