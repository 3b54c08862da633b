import type { Dispatcher } from 'undici';
import { CallError } from '../errors.ts';
import { type AnswerHead, readHead, type TextAnswer } from './head.ts';
import { LargeBody } from './large-body.ts';

/**
 * What ends work before its time: an AbortSignal, or something as simple. An AbortSignal of its own for every call is a
 * tenth of what a call costs.
 */
export interface StopSignal {
  readonly aborted: boolean;
  /** Why, once it is aborted. */
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** How an exchange ended: with an answer, or with an error, perhaps after the head of an answer. */
export type Ended =
  | { readonly answer: TextAnswer }
  /** The signal's reason; undici's error; CallError `response_too_large`, with the connection given up. */
  | { readonly error: unknown; readonly head: AnswerHead | undefined };

export interface ExchangeLimits {
  /** Bytes of a body above which the answer is given up. */
  readonly maxBytes: number;
  /** Bytes of a body above which it is left as bytes. */
  readonly mostText?: number | undefined;
  readonly signal: StopSignal;
}

/** Sends one request and collects its answer, without the stream between them that undici's own `request` makes. */
export function exchange(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  { maxBytes, mostText = Number.POSITIVE_INFINITY, signal }: ExchangeLimits,
): Promise<Ended> {
  return new Promise((resolve) => {
    let connection: Dispatcher.DispatchController | undefined;
    let head: AnswerHead | undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;
    let large: LargeBody | undefined;

    const settle = (ended: Ended) => {
      signal.removeEventListener('abort', stop);
      resolve(ended);
    };
    const giveUp = (error: unknown) => {
      settle({ error, head });
      connection?.abort(error as Error);
    };
    const stop = () => giveUp(signal.reason);
    const assertFits = (size: number) => {
      if (size <= maxBytes) return;
      const facts = head && readHead(head);
      giveUp(new CallError('response_too_large', `The answer is larger than ${maxBytes} bytes.`, facts));
    };

    if (signal.aborted) return resolve({ error: signal.reason, head });
    signal.addEventListener('abort', stop);
    dispatcher.dispatch(options, {
      onRequestStart: (controller) => {
        connection = controller;
        if (signal.aborted) controller.abort(signal.reason as Error);
      },
      onResponseStart: (_, status, headers) => {
        // Informational: the answer is still to come (RFC 9110, 15.2).
        if (status < 200) return;
        head = { status, headers };
        assertFits(Number(headers['content-length'] ?? 0));
      },
      onResponseData: (_, chunk) => {
        bytes += chunk.length;
        chunks.push(chunk);
        assertFits(bytes);
        if (bytes <= mostText || signal.aborted) return;
        large ??= new LargeBody(Number(head?.headers['content-length'] ?? 0));
        large.take(chunks);
      },
      onResponseEnd: () => {
        const { status, headers } = head as AnswerHead;
        const body = large ? { text: '', bytes: large.end() } : { text: textOf(chunks) };
        // undici may keep this handler for as long as the connection is idle.
        large = undefined;
        chunks.length = 0;
        settle({ answer: { status, headers, ...body } });
      },
      onResponseError: (_, error) => settle({ error, head }),
    });
  });
}

/** JSON must not begin with a byte order mark, and parsers may ignore one (RFC 8259, 8.1). */
function textOf(chunks: readonly Buffer[]): string {
  const [only = Buffer.alloc(0)] = chunks;
  const text = (chunks.length > 1 ? Buffer.concat(chunks) : only).toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
