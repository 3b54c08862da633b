/** Prints to stdout; exits quietly when the reader closes it, as `head` does. */
export function print(text: string): void {
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => process.exit(1));
  process.stdout.write(`${text}\n`);
}
