import type { Dispatcher } from 'undici';
import type { StopSignal } from '../lib/cancellation.ts';
import { stringifyJson } from '../lib/exact-json.ts';
import { assertAuthenticated, toCallError } from './api-error.ts';
import { createDispatcher } from './dispatcher.ts';
import { exchange } from './exchange.ts';
import { toNetworkError } from './network-error.ts';
import type { Pace } from './pace.ts';
import { type ApiResponse, readResponse } from './response.ts';
import { retryWhenSafe } from './retry.ts';
import { type Base, baseOf, type Query, targetOf } from './url.ts';

/** One request to the Management API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Rendered path, beginning with `/v1`. */
  readonly path: string;
  readonly query?: Query;
  /** JSON body; undefined sends none. */
  readonly body?: unknown;
  /** Whether a large response may be parsed lazily; it is then read-only. */
  readonly lazily?: boolean;
  /** Whether sending it twice has the same effect as sending it once. */
  readonly repeatable: boolean;
  /** Aborts the request, even while its response is read. */
  readonly signal: StopSignal;
  /** The deadline in milliseconds since the epoch: no retry waits past it. */
  readonly deadline: number;
  /** Called before each retry, if the caller counts them; `false` stops retrying. */
  readonly mayRepeat?: (() => boolean) | undefined;
  /** Limits the rate of this request together with others. */
  readonly pace?: Pace | undefined;
  /** Called before an attempt that may have taken effect is repeated. */
  readonly onUncertain?: (() => void) | undefined;
  /** Called before the first send; if it throws, nothing is sent. */
  readonly beforeSending?: (() => Promise<void>) | undefined;
}

/** Responses above this many bytes are parsed lazily: a tree would take too much memory. */
const maxText = 1024 * 1024;

type ExtraHeaders = Readonly<Record<string, string>>;

export interface ClientOptions {
  readonly baseUrl: URL;
  /** Maximum bytes of a response body. */
  readonly maxResponseBytes: number;
  readonly userAgent: string;
}

/** A client of the Management API at one base URL, with one keep-alive pool shared by all callers. */
export class SynqlyClient {
  readonly #options: ClientOptions;
  readonly #dispatcher: Dispatcher;
  readonly #base: Base;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#base = baseOf(options.baseUrl);
    this.#dispatcher = createDispatcher(this.#base.origin);
  }

  /**
   * Sends a request and returns the response if its status is a success.
   *
   * @param token bearer token; undefined sends no Authorization header
   * @param headers extra headers; the client's own take precedence
   *
   * @throws CallError for everything else: an error status, a broken connection, a passed deadline, an invalid body
   */
  async request(
    request: ApiRequest,
    token: string | undefined,
    headers: ExtraHeaders = {},
  ): Promise<ApiResponse> {
    try {
      const authorized = token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` };
      const options = this.#prepare(request, authorized);
      const limits = {
        maxBytes: this.#options.maxResponseBytes,
        maxText: request.lazily ? maxText : undefined,
        signal: request.signal,
      };
      if (request.beforeSending) await request.beforeSending();
      const send = () => exchange(this.#dispatcher, options, limits);
      const answer = readResponse(await retryWhenSafe(send, request));
      if (answer.status < 200 || answer.status >= 300) throw toCallError(answer);
      assertAuthenticated(answer);
      return answer;
    } catch (error) {
      throw toNetworkError(error);
    }
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }

  #prepare(request: ApiRequest, extra: ExtraHeaders): Dispatcher.DispatchOptions {
    const { method, path, query = {}, body } = request;
    return {
      origin: this.#base.origin,
      path: targetOf(this.#base, path, query),
      method,
      headers: {
        ...extra,
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': this.#options.userAgent,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : stringifyJson(body),
      // The call's own deadline applies, with better errors than undici's timeouts.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
  }
}
