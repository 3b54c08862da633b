import type { Dispatcher } from 'undici';
import type { StopSignal } from '../lib/cancellation.ts';
import { stringifyJson } from '../lib/exact-json.ts';
import { assertAuthenticated, toCallError } from './api-error.ts';
import { createDispatcher } from './dispatcher.ts';
import { exchange } from './exchange.ts';
import { toNetworkError } from './network-error.ts';
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
  /** Whether a large answer may stay unread but for what is looked at; it cannot be changed then. */
  readonly lazily?: boolean;
  /** Whether sending it twice changes nothing more than sending it once. */
  readonly repeatable: boolean;
  /** Ends the request, also while its answer is read. */
  readonly signal: StopSignal;
  /** When the call must be over, in milliseconds since the epoch: no retry waits past it. */
  readonly deadline: number;
  /** Asked before it is sent again, where the sender counts; `false` ends that. */
  readonly mayRepeat?: (() => boolean) | undefined;
  /** Called before the request leaves for the first time; it stays unsent when this throws. */
  readonly beforeSending?: (() => Promise<void>) | undefined;
}

/** Bytes of an answer above which a tree of it would take too much room. */
const maxText = 1024 * 1024;

type ExtraHeaders = Readonly<Record<string, string>>;

export interface ClientOptions {
  readonly baseUrl: URL;
  /** Bytes of a body above which an answer is refused. */
  readonly maxResponseBytes: number;
  readonly userAgent: string;
}

/** The Management API at one base URL: one keep-alive pool, shared by every session that uses it. */
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
   * Sends a request and gives the answer of a success status.
   *
   * @param token the bearer; undefined sends no Authorization header
   * @param headers sent along, below the client's own
   *
   * @throws CallError for everything else: each status, a broken connection, a deadline, a bad body.
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
      // The call's own deadline governs; undici's would cut in with less to say.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
  }
}
