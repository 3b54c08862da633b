/** Prints to stdout; exits quietly when the reader closes it, as `head` does. */
export function print(text: string): void {
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => process.exit(1));
  process.stdout.write(`${text}\n`);
}

/** Whether stdout is a terminal that shows colours, and the user wants them (NO_COLOR). */
export function showsColors(): boolean {
  return process.stdout.isTTY === true && process.stdout.hasColors();
}
