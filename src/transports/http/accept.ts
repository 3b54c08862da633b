/** The response types that a client accepts for a POST. */
export interface Accepted {
  readonly json: boolean;
  /** Whether the client accepts an event stream. */
  readonly stream: boolean;
  /** Whether the client lists `text/event-stream`: with a wildcard alone it expects one JSON response. */
  readonly namesStream: boolean;
}

const acceptsAny: Accepted = { json: true, stream: true, namesStream: false };
const acceptsBoth: Accepted = { json: true, stream: true, namesStream: true };

/** Reads an Accept header (RFC 9110, 12.5.1): the most specific range that covers a type decides. */
export function readAccept(header: string | undefined): Accepted {
  // What the SDK's client sends.
  if (header === 'application/json, text/event-stream') return acceptsBoth;
  if (header === undefined || header.trim() === '') return acceptsAny;
  const ranges = header.split(',').map(readRange);
  const accepts = (type: string) => {
    const [kind] = type.split('/');
    const covering = [type, `${kind}/*`, '*/*'].map((name) => ranges.find((range) => range.name === name));
    const range = covering.find((one) => one !== undefined);
    return range !== undefined && range.weight > 0;
  };
  const stream = accepts('text/event-stream');
  const namesStream = stream && ranges.some(({ name }) => name === 'text/event-stream');
  return { json: accepts('application/json'), stream, namesStream };
}

function readRange(text: string): { readonly name: string; readonly weight: number } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const [, weight] = parameters.map((one) => /^q\s*=\s*"?([\d.]+)/.exec(one)).find(Boolean) ?? [];
  // Some clients write * for */*.
  return { name: name === '*' ? '*/*' : name, weight: weight === undefined ? 1 : Number(weight) };
}
