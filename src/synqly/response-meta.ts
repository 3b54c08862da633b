/** A response with its body as text, or as bytes if it is large. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly bytes?: Buffer;
  /** Why the bytes are not valid JSON. */
  readonly fault?: Error | undefined;
  /** Description of a body that could not be read; the body is then empty. */
  readonly unreadable?: string | undefined;
}

/** The status and headers of a response. */
export type HttpHead = Pick<RawResponse, 'status' | 'headers'>;

/** Metadata of a response. */
export interface ResponseMeta {
  readonly status: number;
  /** Synqly's id of the request. */
  readonly requestId: string | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;
}

/** The content codings of a body (RFC 9110, 8.4), in the order in which they were applied. */
export function codingsOf(headers: RawResponse['headers']): string[] {
  const named = headers['content-encoding'];
  if (named === undefined) return [];
  const codings = [named].flat().join(',').toLowerCase().split(',');
  return codings.map((coding) => coding.trim()).filter((coding) => coding !== '' && coding !== 'identity');
}

/** Common header names for a request id; Synqly documents none. */
const requestIdHeaders = ['x-request-id', 'request-id', 'x-correlation-id'];

/** Reads the metadata of a response. */
export function readResponseMeta({ status, headers }: HttpHead): ResponseMeta {
  const named = requestIdHeaders.find((name) => headers[name]);
  const requestId = named === undefined ? undefined : [headers[named]].flat()[0];
  return {
    status,
    requestId: requestId === undefined ? undefined : boundId(requestId),
    retryAfter: parseRetryAfter(headers),
  };
}

/** Maximum characters of an id; longer values are not ids and may hold anything. */
const maxIdLength = 128;

/** Returns a request id that is safe to show. A long one is not cut: masking would not recognize half a secret. */
export function boundId(id: string): string {
  return id.length > maxIdLength ? '[too long for an id]' : id;
}

/**
 * Seconds to wait, from Retry-After (a number or a date: RFC 9110, 10.2.3), else from X-RateLimit-Reset
 * (Unix seconds), which the Synqly SDKs read as well.
 */
export function parseRetryAfter(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): number | undefined {
  const retryAfter = headers['retry-after'];
  if (typeof retryAfter === 'string') return secondsUntil(Number(retryAfter), Date.parse(retryAfter));
  const reset = headers['x-ratelimit-reset'];
  return typeof reset === 'string' ? secondsUntil(Number.NaN, Number(reset) * 1000) : undefined;
}

function secondsUntil(seconds: number, time: number): number | undefined {
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  return Number.isFinite(time) ? Math.max(0, Math.ceil((time - Date.now()) / 1000)) : undefined;
}
