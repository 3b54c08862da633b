/** The media types that a POST is answered in, as far as a client takes them. */
export interface Accepted {
  readonly json: boolean;
  /** Whether it takes an event stream at all. */
  readonly stream: boolean;
  /** Whether it names event streams itself: whoever says `*` and the like expects one answer, not a stream. */
  readonly namesStream: boolean;
}

const everything: Accepted = { json: true, stream: true, namesStream: false };
const both: Accepted = { json: true, stream: true, namesStream: true };

/** Reads an Accept header (RFC 9110, 12.5.1): of the ranges that cover a type, the most specific one decides. */
export function readAccept(header: string | undefined): Accepted {
  // What the SDK's client sends.
  if (header === 'application/json, text/event-stream') return both;
  if (header === undefined || header.trim() === '') return everything;
  const ranges = header.split(',').map(readRange);
  const takes = (type: string) => {
    const [kind] = type.split('/');
    const covering = [type, `${kind}/*`, '*/*'].map((name) => ranges.find((range) => range.name === name));
    const range = covering.find((one) => one !== undefined);
    return range !== undefined && range.weight > 0;
  };
  const stream = takes('text/event-stream');
  const namesStream = stream && ranges.some(({ name }) => name === 'text/event-stream');
  return { json: takes('application/json'), stream, namesStream };
}

function readRange(text: string): { readonly name: string; readonly weight: number } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const [, weight] = parameters.map((one) => /^q\s*=\s*"?([\d.]+)/.exec(one)).find(Boolean) ?? [];
  // A lone * is what some clients write for */*.
  return { name: name === '*' ? '*/*' : name, weight: weight === undefined ? 1 : Number(weight) };
}
