/**
 * Appends a text to the body of a response, whether the body ends, breaks off or is cut. The reader then learns of
 * the end in the order of the messages.
 *
 * @param cut ends the body early
 * @param lastEvent gives the text; called once, at the end
 */
export function withEnding(response: Response, cut: AbortSignal, lastEvent: () => string): Response {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const stop = () => void reader.cancel().catch(() => {});
  if (cut.aborted) stop();
  else cut.addEventListener('abort', stop, { once: true });
  const next = () => reader.read().catch(() => ({ done: true, value: undefined }) as const);
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await next();
      if (!done) return controller.enqueue(value);
      cut.removeEventListener('abort', stop);
      const text = lastEvent();
      if (text !== '') controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
    cancel: (reason) => {
      cut.removeEventListener('abort', stop);
      return reader.cancel(reason);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
