import type { RequestContext } from '../request-context.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * Passes a request's trace on to Synqly (W3C Trace Context and Baggage). MCP carries it in `params._meta`; the HTTP
 * headers belong to the transport, which may be in another trace. So with a `traceparent` in `_meta` nothing is taken
 * from the headers. Malformed values are dropped.
 *
 * @param meta `params._meta`, unchecked
 */
export function withTraceContext(
  context: RequestContext,
  meta: unknown,
  headers: Values | undefined,
): RequestContext {
  const inMeta = hasTrace(meta) ? meta : undefined;
  const inHeaders = hasTrace(headers) ? headers : undefined;
  // Most requests have neither.
  if (!inMeta && !inHeaders) return context;
  const ofMeta = inMeta && readTrace(inMeta);
  const values = ofMeta?.traceparent ? ofMeta : { ...(inHeaders && readTrace(inHeaders)), ...ofMeta };
  return Object.keys(values).length === 0 ? context : context.withHeaders(values);
}

function hasTrace(values: unknown): values is Values {
  if (typeof values !== 'object' || values === null) return false;
  const { traceparent, baggage } = values as Values;
  return traceparent !== undefined || baggage !== undefined;
}

/** A `tracestate` belongs to its `traceparent`, and means nothing without it. */
function readTrace({ traceparent, tracestate, baggage }: Values): Record<string, string> {
  const isTraced = isTraceparent(traceparent);
  return {
    ...(isTraced && { traceparent }),
    ...(isTraced && isTracestate(tracestate) && { tracestate }),
    ...(isBaggage(baggage) && { baggage }),
  };
}

/** Later versions may append fields (W3C Trace Context, 3.2.4). */
const maxTraceparentLength = 200;
const traceparentForm =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]*)?$/;

function isTraceparent(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > maxTraceparentLength) return false;
  return traceparentForm.test(value) && (value.length === 55 || !value.startsWith('00'));
}

/** What W3C Trace Context, 3.3.1.5, asks vendors to pass on. */
const maxTracestateLength = 512;
const maxTracestateMembers = 32;
const tracestateMember =
  /^[ \t]*(?:([a-z0-9][a-z0-9_*/@-]{0,255})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e][ \t]*)?$/;

function isTracestate(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > maxTracestateLength) return false;
  const members = value.split(',').map((member) => tracestateMember.exec(member));
  const keys = members.flatMap((member) => member?.[1] ?? []);
  return (
    members.every(Boolean) &&
    keys.length > 0 &&
    keys.length <= maxTracestateMembers &&
    new Set(keys).size === keys.length
  );
}

/** Half of what the headers of a request may have at common proxies: a longer header would have the call refused. */
const maxBaggageLength = 4096;
const visibleAscii = /^[\x20-\x7e\t]+$/;
const baggageEntry = /^[!#$%&'*+.^_`|~\w-]+[ \t]*=[ \t]*[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;
const baggageProperty = /^[!#$%&'*+.^_`|~\w-]+(?:[ \t]*=[ \t]*[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)?$/;

function isBaggage(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > maxBaggageLength || !visibleAscii.test(value)) return false;
  return value.split(',').every((member) => {
    // Split before matching: with optional spaces on both sides, one expression would take quadratic time.
    const [entry = '', ...properties] = member.split(';').map((part) => part.trim());
    return baggageEntry.test(entry) && properties.every((property) => baggageProperty.test(property));
  });
}
