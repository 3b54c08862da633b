/** Writes for whoever reads stdout; one who stops reading, as `head` does, ends the command without more words. */
export function print(text: string): void {
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => process.exit(1));
  process.stdout.write(`${text}\n`);
}
