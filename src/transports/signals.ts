const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;
type Signal = (typeof signals)[number];

let first: Promise<Signal> | undefined;

/**
 * Resolves with the first termination signal. A second one exits at once, with the exit status that shells use for
 * a signal; exit handlers still write their output.
 */
export function waitForSignal(): Promise<Signal> {
  first ??= new Promise((resolve) => {
    let isStopping = false;
    const onSignal = (signal: Signal) => {
      if (isStopping) process.exit(128 + process.getBuiltinModule('node:os').constants.signals[signal]);
      isStopping = true;
      resolve(signal);
    };
    for (const signal of signals) process.on(signal, onSignal);
  });
  return first;
}
