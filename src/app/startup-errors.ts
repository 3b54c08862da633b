import { ConfigError } from '../config/load-config.ts';
import { mapStack } from '../lib/map-stack.ts';

/** Prints a start-up warning to stderr, at any log level: the log is not open yet. */
export function warn(sentence: string): void {
  process.stderr.write(`synqly-mcp: ${sentence}\n`);
}

/** Formats an error of the command line: the problem, and a suggestion. */
export function formatUsageError(text: string): string {
  const [problem = '', ...rest] = text
    .trim()
    .replace(/^error: /, '')
    .split('\n');
  const [, flag, value] = /^unknown option '(--?[^=']*)(=.*)?'$/s.exec(problem) ?? [];
  const closest = /^\(Did you mean (.+)\?\)/s.exec(rest.join('\n').trim())?.[1];
  // The value may be a secret, and clients store stderr.
  const shown = value === undefined ? problem : `unknown option '${flag}=...'`;
  return `synqly-mcp: ${shown}\n${hint(problem, flag, value) ?? suggestion(closest)}\n`;
}

function suggestion(closest: string | undefined): string {
  return closest === undefined ? 'See synqly-mcp --help.' : `Did you mean ${closest}?`;
}

const switches = ['--sandbox', '--read-only', '--sessions', '--reveal-secrets'];

/** Hints for common mistakes, better than the closest name. */
function hint(problem: string, flag: string | undefined, value: string | undefined): string | undefined {
  if (flag !== undefined && /^--?(?:synqly-?)?(?:mcp-?)?(?:api-?)?(?:token|key|secret)$/i.test(flag))
    return 'There is no flag for tokens, since other users of the machine can read a command line: set SYNQLY_TOKEN.';
  if (flag !== undefined && switches.includes(flag)) {
    return value === undefined
      ? `${flag} has no effect with this command: omit it.`
      : `${flag} takes no value: use it alone, or omit it.`;
  }
  if (/^unknown command '(?:true|false|yes|no|on|off|0|1)'$/i.test(problem))
    return `${switches.join(', ')} take no value: use them alone, or omit them.`;
  return undefined;
}

/** Describes a fatal error in one line; with details, adds the stack. */
export function describeFailure(error: unknown, details: boolean): string {
  if (error instanceof ConfigError) return error.message;
  const message = withoutLogins(error instanceof Error ? error.message : String(error));
  const first = message.split('\n')[0] || 'an error without a message';
  const stack = error instanceof Error ? withoutLogins(mapStack(error.stack ?? '')) : '';
  return details && stack !== ''
    ? `unexpected error: ${first}\n${stack}`
    : `unexpected error: ${first} (use --log-level debug for the stack)`;
}

/** Removes users and passwords from URLs. */
function withoutLogins(text: string): string {
  return text.replaceAll(/\/\/[^/\s@]*@/g, '//');
}
