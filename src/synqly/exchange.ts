import type { Dispatcher } from 'undici';
import { CallError } from '../errors.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import type { Decoder } from './content-encoding.ts';
import { faultOfTree, LargeBody } from './large-body.ts';
import { codingsOf, type HttpHead, type RawResponse, readResponseMeta } from './response-meta.ts';

/** The outcome of an exchange: a response, or an error, possibly after the response's head. */
export type ExchangeResult =
  | { readonly answer: RawResponse }
  /** The signal's reason, undici's error, or CallError `response_too_large` after closing the connection. */
  | { readonly error: unknown; readonly responseHead: HttpHead | undefined };

export interface ExchangeLimits {
  /** Maximum bytes of a body; above it, the exchange fails. */
  readonly maxBytes: number;
  /** Bodies above this many bytes are returned as bytes. */
  readonly maxText?: number | undefined;
  readonly signal: StopSignal;
}

/** Sends one request and collects its response, without the stream that undici's own `request` creates. */
export function exchange(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  { maxBytes, maxText = Number.POSITIVE_INFINITY, signal }: ExchangeLimits,
): Promise<ExchangeResult> {
  return new Promise((resolve) => {
    let connection: Dispatcher.DispatchController | undefined;
    let responseHead: HttpHead | undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;
    let large: LargeBody | undefined;
    let decoder: Decoder | undefined;

    const settle = (ended: ExchangeResult) => {
      signal.removeEventListener('abort', stop);
      decoder?.destroy();
      resolve(ended);
    };
    const fail = (error: unknown) => {
      settle({ error, responseHead: responseHead });
      connection?.abort(error as Error);
    };
    const stop = () => fail(signal.reason);
    const failTooLarge = () => {
      const details = responseHead && readResponseMeta(responseHead);
      fail(new CallError('response_too_large', `The response is larger than ${maxBytes} bytes.`, details));
    };
    const receive = (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxBytes) failTooLarge();
      if (bytes <= maxText || signal.aborted) return;
      const isEncoded = decoder !== undefined;
      large ??= new LargeBody(isEncoded ? 0 : Number(responseHead?.headers['content-length'] ?? 0));
      large.take(chunks);
    };
    const finish = (unreadable?: string) => {
      const { status, headers } = responseHead as HttpHead;
      const answer =
        unreadable !== undefined
          ? { text: '', unreadable }
          : large
            ? { text: '', ...large.end() }
            : bodyText(chunks, bytes);
      // undici may keep this handler while the connection is idle.
      large = undefined;
      chunks.length = 0;
      settle({ answer: { status, headers, ...answer } });
    };
    const stopReading = (unreadable: string) => {
      finish(unreadable);
      connection?.abort(new Error('The body cannot be read.'));
    };
    const decode = async (codings: readonly string[], controller: Dispatcher.DispatchController) => {
      controller.pause();
      const { openDecoder } = await import('./content-encoding.ts');
      decoder = openDecoder(codings, {
        maxBytes,
        onData: receive,
        onEnd: finish,
        onBroken: () => stopReading('a corrupt compressed body'),
        onTooLarge: failTooLarge,
        onDrain: () => controller.resume(),
      });
      if (decoder) controller.resume();
      else stopReading('a body in an unsupported encoding');
    };

    if (signal.aborted) return resolve({ error: signal.reason, responseHead: responseHead });
    signal.addEventListener('abort', stop);
    dispatcher.dispatch(options, {
      onRequestStart: (controller) => {
        connection = controller;
        if (signal.aborted) controller.abort(signal.reason as Error);
      },
      onResponseStart: (controller, status, headers) => {
        // Informational: the final response follows (RFC 9110, 15.2).
        if (status < 200) return;
        responseHead = { status, headers };
        if (Number(headers['content-length'] ?? 0) > maxBytes) return failTooLarge();
        const codings = codingsOf(headers);
        if (codings.length > 0) decode(codings, controller).catch(fail);
      },
      onResponseData: (controller, chunk) => {
        if (!decoder) receive(chunk);
        else if (!decoder.write(chunk)) controller.pause();
      },
      onResponseEnd: () => (decoder ? decoder.end() : finish()),
      onResponseError: (_, error) => settle({ error, responseHead: responseHead }),
    });
  });
}

/** The body as text, or why it must not be parsed. */
function bodyText(chunks: readonly Buffer[], bytes: number): Pick<RawResponse, 'text' | 'fault'> {
  const fault = faultOfTree(chunks, bytes);
  // The beginning of the text is enough to describe it.
  return fault ? { text: textOf(chunks.slice(0, 1)), fault } : { text: textOf(chunks) };
}

/** JSON must not start with a byte order mark, but parsers may ignore one (RFC 8259, 8.1). */
function textOf(chunks: readonly Buffer[]): string {
  const [only = Buffer.alloc(0)] = chunks;
  const text = (chunks.length > 1 ? Buffer.concat(chunks) : only).toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
