/** The stream on which a gateway sends what answers no request. It is opened by the SDK's transport at first. */
export interface GatewayStream {
  /** It is being opened. */
  opening(): void;
  /** It has ended, or could not be opened with this status. */
  over(status: number | undefined): void;
  /** Opens it soon, if it was ever asked for and is not open. */
  reopen(): void;
}

/** Milliseconds before the stream is opened again: the first pause, which grows, and the longest. */
const minPauseMs = 500;
const maxPauseMs = 15_000;

/** Opens a gateway's stream again whenever it ends, less and less often while that fails. */
export function keepStreamOpen(open: () => Promise<void>): GatewayStream {
  let state: 'unasked' | 'over' | 'open' = 'unasked';
  let pause = minPauseMs;
  let timer: NodeJS.Timeout | undefined;

  const wait = (milliseconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (state !== 'over') return;
      // It is told of by `over` if this fails.
      open().catch(() => {});
    }, milliseconds).unref();
  };
  let openedAt = 0;
  return {
    opening: () => {
      state = 'open';
      openedAt = performance.now();
    },
    over: (status) => {
      state = 'over';
      // Offered no stream, or refused: only a new session can change that.
      if (status === 405 || status === 401 || status === 403) return;
      if (performance.now() - openedAt > maxPauseMs) pause = minPauseMs;
      wait(pause);
      pause = Math.min(pause * 2, maxPauseMs);
    },
    reopen: () => {
      pause = minPauseMs;
      if (state === 'over') wait(0);
    },
  };
}
