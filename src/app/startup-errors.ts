import { ConfigError } from '../config/load-config.ts';
import { mapStack } from '../lib/map-stack.ts';

/** Writes a sentence to stderr for whoever starts the program, whatever the log level: there is no log yet. */
export function warn(sentence: string): void {
  process.stderr.write(`synqly-mcp: ${sentence}\n`);
}

/** An error of the command line in the words of this program: what is wrong, and last what was likely meant. */
export function formatUsageError(text: string): string {
  const [problem = '', ...rest] = text
    .trim()
    .replace(/^error: /, '')
    .split('\n');
  const [, flag, value] = /^unknown option '(--?[^=']*)(=.*)?'$/s.exec(problem) ?? [];
  const meaning = /^\(Did you mean (.+)\?\)/s.exec(rest.join('\n').trim())?.[1];
  // A value may be a secret, and clients keep what stands on stderr.
  const shown = value === undefined ? problem : `unknown option '${flag}=...'`;
  return `synqly-mcp: ${shown}\n${hint(problem, flag) ?? suggestion(meaning)}\n`;
}

function suggestion(meaning: string | undefined): string {
  return meaning === undefined ? 'synqly-mcp --help shows all there is.' : `Did you mean ${meaning}?`;
}

const switches = ['--sandbox', '--read-only', '--sessions', '--reveal-secrets'];

/** What helps more than the name that is nearest. */
function hint(problem: string, flag: string | undefined): string | undefined {
  if (flag !== undefined && /^--?(?:synqly-?)?(?:mcp-?)?(?:api-?)?(?:token|key|secret)$/i.test(flag))
    return 'A token has no flag, since everyone on the machine can read a command line: set SYNQLY_TOKEN.';
  if (flag !== undefined && switches.includes(flag))
    return `${flag} takes no value: give it alone, or leave it out.`;
  if (/^unknown command '(?:true|false|yes|no|on|off|0|1)'$/i.test(problem))
    return `${switches.join(', ')} take no value: give them alone, or leave them out.`;
  return undefined;
}

/** What ended the program, in a line without our code; with details also where in it. */
export function describeFailure(error: unknown, details: boolean): string {
  if (error instanceof ConfigError) return error.message;
  const message = withoutLogins(error instanceof Error ? error.message : String(error));
  const first = message.split('\n')[0] || 'an error without a message';
  const stack = error instanceof Error ? withoutLogins(mapStack(error.stack ?? '')) : '';
  return details && stack !== ''
    ? `ended by a fault: ${first}\n${stack}`
    : `ended by a fault: ${first} (--log-level debug shows where)`;
}

/** A URL may hold a user and a password. */
function withoutLogins(text: string): string {
  return text.replaceAll(/\/\/[^/\s@]*@/g, '//');
}
