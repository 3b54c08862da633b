/** An answer with its body as text, or as bytes where it is large and not wanted as text. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly bytes?: Buffer;
  /** What is wrong with the bytes, where they are not JSON that can be read. */
  readonly fault?: Error | undefined;
  /** What the body is, where it cannot be read: nothing of it is here then. */
  readonly unreadable?: string | undefined;
}

/** Status and headers of an answer, as they came. */
export type HttpHead = Pick<RawResponse, 'status' | 'headers'>;

/** What an answer tells before its body. */
export interface ResponseMeta {
  readonly status: number;
  /** Synqly's id of the request. */
  readonly requestId: string | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;
}

/** What a body was encoded by (RFC 9110, 8.4), in the order it was done. */
export function codingsOf(headers: RawResponse['headers']): string[] {
  const named = headers['content-encoding'];
  if (named === undefined) return [];
  const codings = [named].flat().join(',').toLowerCase().split(',');
  return codings.map((coding) => coding.trim()).filter((coding) => coding !== '' && coding !== 'identity');
}

/** Header names under which gateways and APIs commonly give a request's id; Synqly documents none. */
const requestIdHeaders = ['x-request-id', 'request-id', 'x-correlation-id'];

/** Reads what an answer tells before its body. */
export function readResponseMeta({ status, headers }: HttpHead): ResponseMeta {
  const named = requestIdHeaders.find((name) => headers[name]);
  const requestId = named === undefined ? undefined : [headers[named]].flat()[0];
  return {
    status,
    requestId: requestId === undefined ? undefined : boundId(requestId),
    retryAfter: parseRetryAfter(headers),
  };
}

/** Characters of an id; what is longer is none, and may be anything. */
const maxIdLength = 128;

/** An id of a request as it may be told; it is not cut, since half a secret would not be known for one. */
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
  const asked = headers['retry-after'];
  if (typeof asked === 'string') return secondsUntil(Number(asked), Date.parse(asked));
  const reset = headers['x-ratelimit-reset'];
  return typeof reset === 'string' ? secondsUntil(Number.NaN, Number(reset) * 1000) : undefined;
}

function secondsUntil(seconds: number, time: number): number | undefined {
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  return Number.isFinite(time) ? Math.max(0, Math.ceil((time - Date.now()) / 1000)) : undefined;
}
