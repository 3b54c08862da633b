const firstMs = 2_000;
const intervalMs = 1_000;

/** Does some work. While it takes longer than two seconds, a line says what is waited for. */
export type ShowProgress = <Result>(doing: string, work: () => Promise<Result>) => Promise<Result>;

/** @param stream where the line is shown, if it is a terminal */
export function createProgress(stream: NodeJS.WriteStream): ShowProgress {
  if (!stream.isTTY) return (_, work) => work();
  return async (doing, work) => {
    const start = Date.now();
    const show = () => stream.write(`\r\x1b[K… ${doing} (${Math.round((Date.now() - start) / 1000)} s)`);
    let timer = setTimeout(() => {
      show();
      timer = setInterval(show, intervalMs);
    }, firstMs);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      if (Date.now() - start >= firstMs) stream.write('\r\x1b[K');
    }
  };
}
