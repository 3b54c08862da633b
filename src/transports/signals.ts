const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;
type Signal = (typeof signals)[number];

let first: Promise<Signal> | undefined;

/**
 * The first signal that tells the process to stop. A second one ends the process at once, with what it still has to write
 * when it exits, and the exit status that shells give for a signal.
 */
export function untilSignal(): Promise<Signal> {
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
