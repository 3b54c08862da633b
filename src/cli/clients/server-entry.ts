import type { ClientDefinition } from './clients.ts';

/** How a client starts this server. */
export interface ServerEntry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What a person has chosen for the server. */
export interface ServerChoices {
  /** Flags of the server, such as `--region eu`. */
  readonly flags: readonly string[];
  /** The file with the token; undefined for the sandbox. */
  readonly tokenFile: string | undefined;
}

/** The program that runs now, as a client can start it later. */
export interface OwnProgram {
  readonly node: string;
  readonly script: string;
  readonly platform: NodeJS.Platform;
}

/**
 * The entry of this server in a client's configuration. Paths are absolute: programs that are started from a desktop have
 * another PATH than a shell. The cache of npx is cleaned now and then, so a program that runs from it is started by npx.
 */
export function serverEntry(
  { fields = {} }: Pick<ClientDefinition, 'fields'>,
  { flags, tokenFile }: ServerChoices,
  { node, script, platform }: OwnProgram,
): ServerEntry {
  const isInCache = script.split(/[\\/]/).includes('_npx');
  const npx = platform === 'win32' ? ['cmd', '/c', 'npx'] : ['npx'];
  const [command = '', ...start] = isInCache ? [...npx, '-y', 'synqly-mcp'] : [node, script];
  const env = tokenFile === undefined ? undefined : { SYNQLY_TOKEN_FILE: tokenFile };
  return { ...fields, command, args: [...start, ...flags], ...(env && { env }) };
}

/** Flags that `init` sets; those of an existing entry are replaced. */
const managedFlags = ['--sandbox', '--read-only', '--region'];

/** The flags of an existing entry that `init` does not set, such as those that somebody has added by hand. */
export function keptFlags(entry: unknown, flags: readonly string[], program: OwnProgram): string[] {
  const { args } = (entry ?? {}) as { args?: unknown };
  if (!Array.isArray(args) || !args.every((arg) => typeof arg === 'string')) return [];
  const start = args.findIndex((arg) => isProgram(arg, program));
  const kept: string[] = [];
  let isKept = false;
  for (const arg of args.slice(start + 1)) {
    const [flag = ''] = arg.split('=');
    if (flag.startsWith('--')) isKept = !managedFlags.includes(flag) && !flags.includes(flag);
    if (isKept) kept.push(arg);
  }
  return kept;
}

/** Whether an existing entry starts this server, so that it may be updated without asking. */
export function isOwnEntry(entry: unknown, program: OwnProgram): boolean {
  if (typeof entry !== 'object' || entry === null) return false;
  const { command, args } = entry as { command?: unknown; args?: unknown };
  const words = [command, ...(Array.isArray(args) ? args : [])].filter((word) => typeof word === 'string');
  const place = words.findIndex((word) => isProgram(word, program));
  // Another command of this program, such as `connect`, is another server.
  return place !== -1 && (words[place + 1] ?? '--').startsWith('--');
}

/** Whether a word of a command is this program: its path, its package, or a path through a folder of its name. */
const isProgram = (word: string, { script }: OwnProgram): boolean =>
  word === script || (!word.startsWith('-') && word.split(/[\\/@]/).includes('synqly-mcp'));
