import { isSecretName } from '../lib/secret-names.ts';
import { placeholderIn } from '../lib/unfilled-placeholder.ts';
import { matchesPattern } from '../lib/wildcard.ts';
import { referenceError } from './reference.ts';

/** Maximum bytes of a secret file: certificates and keys are far shorter. */
const maxSecretBytes = 64 * 1024;

/** Variables with the server's own credentials: no pattern allows them in a reference. */
const ownCredentials: ReadonlySet<string> = new Set([
  'SYNQLY_TOKEN',
  'SYNQLY_MCP_TOKEN',
  'SYNQLY_TOKEN_STORE',
  'SYNQLY_STATE_KEY',
  'SYNQLY_STATE_STORE',
]);

/** Settings whose names match the default pattern but hold no secret. */
const ownSettings: ReadonlySet<string> = new Set(['SYNQLY_SECRET_ENV', 'SYNQLY_SECRET_DIR']);

/**
 * Reads a secret from an environment variable.
 *
 * @param patterns names that references may use; `*` matches any characters
 * @throws CallError `secret_reference`
 */
export function readVariable(
  name: string,
  patterns: readonly string[],
  environment: NodeJS.ProcessEnv,
): string {
  if (
    ownCredentials.has(name) ||
    ownSettings.has(name) ||
    !patterns.some((pattern) => matchesPattern(name, pattern))
  ) {
    throw referenceError(
      `This server does not allow references to this variable; ${describePatterns(patterns)}.`,
    );
  }
  const value = environment[name];
  if (!value) throw referenceError('The variable is not set in the environment of the server.');
  // A value such as `$name` may be a secret, but an unfilled placeholder of a client's configuration is not.
  if (value.includes('{') && placeholderIn(value) === value.trim())
    throw referenceError('The variable holds an unfilled placeholder.');
  return value;
}

/**
 * The values of all variables that references may use: they are masked from the start, used or not. With a pattern
 * that matches every name, only variables with a secret's name count.
 */
export function secretVariables(patterns: readonly string[], environment: NodeJS.ProcessEnv): string[] {
  const specific = patterns.filter((pattern) => !/^\*+$/.test(pattern));
  const fitsAll = specific.length < patterns.length;
  return Object.entries(environment).flatMap(([name, value]) => {
    if (ownSettings.has(name)) return [];
    const isSecret =
      specific.some((pattern) => matchesPattern(name, pattern)) || (fitsAll && isSecretName(name));
    return isSecret && value ? [value] : [];
  });
}

function describePatterns(patterns: readonly string[]): string {
  return patterns.length === 0
    ? 'this server allows none (--secret-env)'
    : `allowed names are ${patterns.join(' and ')} (--secret-env)`;
}

/**
 * Reads a file in the directory of secrets, without a trailing line break. Symbolic links may not lead outside the
 * directory.
 *
 * @param tokenFile file of the server's own token, which references may not read under any name
 * @throws CallError `secret_reference`
 */
export async function readSecretFile(
  path: string,
  directory: string | undefined,
  tokenFile?: string,
): Promise<string> {
  if (directory === undefined)
    throw referenceError(
      'This server does not read secrets from files: it was started without --secret-dir.',
    );
  const [{ constants }, { open, realpath, stat }, { relative, resolve, isAbsolute }] = await Promise.all([
    import('node:fs'),
    import('node:fs/promises'),
    import('node:path'),
  ]);
  const real = async (one: string) => {
    try {
      return await realpath(one);
    } catch {
      throw referenceError('There is no such file in the directory of --secret-dir.');
    }
  };
  const isInside = (file: string, base: string) => {
    const way = relative(base, file);
    return way !== '' && !way.startsWith('..') && !isAbsolute(way);
  };
  const base = await real(directory);
  // Checked before the disk is read, so that errors do not reveal which files exist elsewhere.
  if (!isInside(resolve(base, path), base))
    throw referenceError('The path leads outside the directory of --secret-dir.');
  const found = await real(resolve(base, path));
  if (!isInside(found, base)) throw referenceError('The path leads outside the directory of --secret-dir.');
  const file = await open(found, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => {
      throw referenceError('The file cannot be read by the server.');
    },
  );
  try {
    const opened = await file.stat({ bigint: true });
    const size = Number(opened.size);
    if (!opened.isFile()) throw referenceError('The path is not a file.');
    const own =
      tokenFile === undefined ? undefined : await stat(tokenFile, { bigint: true }).catch(() => undefined);
    if (own && own.ino === opened.ino && own.dev === opened.dev)
      throw referenceError("The file holds the server's own token, which references may not read.");
    if (size > maxSecretBytes) throw referenceError(`The file is larger than ${maxSecretBytes} bytes.`);
    return decode(await file.readFile());
  } finally {
    await file.close();
  }
}

function decode(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw referenceError('The file is not UTF-8 text.');
  }
  const value = text.replace(/\r?\n$/, '');
  if (value === '' || value.includes('\0')) throw referenceError('The file holds no secret.');
  return value;
}
