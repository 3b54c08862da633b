import type { Dispatcher } from 'undici';
import { CallError } from '../errors.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import type { Decoder } from './content-encoding.ts';
import { faultOfTree, LargeBody } from './large-body.ts';
import { codingsOf, type HttpHead, type RawResponse, readResponseMeta } from './response-meta.ts';

/** How an exchange ended: with an answer, or with an error, perhaps after the head of an answer. */
export type Stopped =
  | { readonly answer: RawResponse }
  /** The signal's reason; undici's error; CallError `response_too_large`, with the connection given up. */
  | { readonly error: unknown; readonly responseHead: HttpHead | undefined };

export interface ExchangeLimits {
  /** Bytes of a body above which the answer is given up. */
  readonly maxBytes: number;
  /** Bytes of a body above which it is left as bytes. */
  readonly maxText?: number | undefined;
  readonly signal: StopSignal;
}

/** Sends one request and collects its answer, without the stream between them that undici's own `request` makes. */
export function exchange(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  { maxBytes, maxText = Number.POSITIVE_INFINITY, signal }: ExchangeLimits,
): Promise<Stopped> {
  return new Promise((resolve) => {
    let connection: Dispatcher.DispatchController | undefined;
    let responseHead: HttpHead | undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;
    let large: LargeBody | undefined;
    let decoder: Decoder | undefined;

    const settle = (ended: Stopped) => {
      signal.removeEventListener('abort', stop);
      decoder?.destroy();
      resolve(ended);
    };
    const giveUp = (error: unknown) => {
      settle({ error, responseHead: responseHead });
      connection?.abort(error as Error);
    };
    const stop = () => giveUp(signal.reason);
    const refuseSize = () => {
      const details = responseHead && readResponseMeta(responseHead);
      giveUp(new CallError('response_too_large', `The answer is larger than ${maxBytes} bytes.`, details));
    };
    const receive = (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxBytes) refuseSize();
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
            : wholeOf(chunks, bytes);
      // undici may keep this handler for as long as the connection is idle.
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
        onBroken: () => stopReading('a compressed body that is broken'),
        onTooLarge: refuseSize,
        onDrain: () => controller.resume(),
      });
      if (decoder) controller.resume();
      else stopReading('a body in an encoding that was not asked for');
    };

    if (signal.aborted) return resolve({ error: signal.reason, responseHead: responseHead });
    signal.addEventListener('abort', stop);
    dispatcher.dispatch(options, {
      onRequestStart: (controller) => {
        connection = controller;
        if (signal.aborted) controller.abort(signal.reason as Error);
      },
      onResponseStart: (controller, status, headers) => {
        // Informational: the answer is still to come (RFC 9110, 15.2).
        if (status < 200) return;
        responseHead = { status, headers };
        if (Number(headers['content-length'] ?? 0) > maxBytes) return refuseSize();
        const codings = codingsOf(headers);
        if (codings.length > 0) decode(codings, controller).catch(giveUp);
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

/** A body as a text, or why it must not be made one. */
function wholeOf(chunks: readonly Buffer[], bytes: number): Pick<RawResponse, 'text' | 'fault'> {
  const fault = faultOfTree(chunks, bytes);
  // What is wrong with a text is told by its beginning.
  return fault ? { text: textOf(chunks.slice(0, 1)), fault } : { text: textOf(chunks) };
}

/** JSON must not begin with a byte order mark, and parsers may ignore one (RFC 8259, 8.1). */
function textOf(chunks: readonly Buffer[]): string {
  const [only = Buffer.alloc(0)] = chunks;
  const text = (chunks.length > 1 ? Buffer.concat(chunks) : only).toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
