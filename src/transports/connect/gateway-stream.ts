/** The stream on which a gateway sends messages that answer no request. The SDK's transport opens it first. */
export interface GatewayStream {
  /** The stream is being opened. */
  opening(): void;
  /** The stream has ended, or could not be opened with this status. */
  closed(status: number | undefined): void;
  /** Opens the stream soon, if it was opened before and is closed now. */
  reopen(): void;
}

/** First and longest pause before the stream is opened again. */
const minPauseMs = 500;
const maxPauseMs = 15_000;

/** Reopens a gateway's stream whenever it ends, with a growing pause while that fails. */
export function keepStreamOpen(open: () => Promise<void>): GatewayStream {
  let state: 'unused' | 'closed' | 'open' = 'unused';
  let pause = minPauseMs;
  let timer: NodeJS.Timeout | undefined;

  const wait = (milliseconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (state !== 'closed') return;
      // `closed` reports a failure.
      open().catch(() => {});
    }, milliseconds).unref();
  };
  let openedAt = 0;
  return {
    opening: () => {
      state = 'open';
      openedAt = performance.now();
    },
    closed: (status) => {
      state = 'closed';
      // No stream is offered, or access is refused: only a new session can change that.
      if (status === 405 || status === 401 || status === 403) return;
      if (performance.now() - openedAt > maxPauseMs) pause = minPauseMs;
      wait(pause);
      pause = Math.min(pause * 2, maxPauseMs);
    },
    reopen: () => {
      pause = minPauseMs;
      if (state === 'closed') wait(0);
    },
  };
}
