import { ConfigError } from './config.ts';

/** Tells whoever starts the program something, whatever the log level: nothing logs yet. */
export function tell(sentence: string): void {
  process.stderr.write(`synqly-mcp: ${sentence}\n`);
}

/** An error of the command line in the words of this program: what is wrong, and last what was likely meant. */
export function tellUsage(text: string): string {
  const [problem = '', ...rest] = text
    .trim()
    .replace(/^error: /, '')
    .split('\n');
  const meant = /\(Did you mean (.+)\?\)/s.exec(rest.join('\n'))?.[1];
  const next = meant === undefined ? 'synqly-mcp --help shows all there is.' : `Did you mean ${meant}?`;
  return `synqly-mcp: ${problem}\n${next}\n`;
}

/** What ended the program, in a line without our code; with details also where in it. */
export function describeFailure(error: unknown, details: boolean): string {
  if (error instanceof ConfigError) return error.message;
  const message = withoutLogins(error instanceof Error ? error.message : String(error));
  const first = message.split('\n')[0] || 'an error without a message';
  const stack = error instanceof Error ? withoutLogins(error.stack ?? '') : '';
  return details && stack !== ''
    ? `ended by a fault: ${first}\n${stack}`
    : `ended by a fault: ${first} (--log-level debug shows where)`;
}

/** A URL may hold a user and a password. */
function withoutLogins(text: string): string {
  return text.replaceAll(/\/\/[^/\s@]*@/g, '//');
}
