import { CallError } from '../../errors.ts';
import { toCallError } from '../../synqly/api-error.ts';
import { createDispatcher } from '../../synqly/dispatcher.ts';
import type { EndpointRequest } from '../../synqly/endpoints.ts';
import { exchange } from '../../synqly/exchange.ts';
import { toNetworkError } from '../../synqly/network-error.ts';
import { type ApiResponse, readResponse } from '../../synqly/response.ts';
import type { HttpHead } from '../../synqly/response-meta.ts';
import { baseOf, targetOf } from '../../synqly/url.ts';
import { version } from '../../version.ts';

/** An answer of the API, whatever its status. */
export interface Answered extends HttpHead {
  /** Milliseconds until the answer was complete, the connection included. */
  readonly milliseconds: number;
  /** Milliseconds since the epoch by this machine's clock, halfway between request and answer. */
  readonly at: number;
}

/** Requests to one API, sent as the server sends them, but without retries, which would hide a problem. */
export interface Probe {
  /** @throws CallError for everything but a success */
  send(request: EndpointRequest, bearer: string | undefined): Promise<ApiResponse>;
  /** The answers so far, oldest first. */
  readonly answers: readonly Answered[];
  close(): Promise<void>;
}

export interface ProbeOptions {
  readonly baseUrl: URL;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** @throws Error for a proxy in the environment that cannot be used */
export function createProbe({ baseUrl, timeoutMs, maxBytes }: ProbeOptions): Probe {
  const base = baseOf(baseUrl);
  const dispatcher = createDispatcher(base.origin);
  const answers: Answered[] = [];
  return {
    answers,
    send: async ({ method, path, query = {} }, bearer) => {
      const signal = AbortSignal.timeout(timeoutMs);
      const start = performance.now();
      const ended = await exchange(
        dispatcher,
        {
          origin: base.origin,
          path: targetOf(base, path, query),
          method,
          headers: {
            ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
            accept: 'application/json',
            'accept-encoding': 'identity',
            'user-agent': `synqly-mcp/${version}`,
          },
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        { maxBytes, signal },
      );
      const milliseconds = performance.now() - start;
      if ('error' in ended) {
        if (!signal.aborted) throw toNetworkError(ended.error);
        throw new CallError('timeout', `Synqly did not answer within ${timeoutMs / 1000} s.`);
      }
      const { status, headers } = ended.answer;
      answers.push({ status, headers, milliseconds, at: Date.now() - milliseconds / 2 });
      const response = readResponse(ended.answer);
      if (status < 200 || status >= 300) throw toCallError(response);
      return response;
    },
    close: () => dispatcher.destroy(),
  };
}
