import { isSecretName } from '../lib/secret-names.ts';
import { placeholderIn } from '../lib/unfilled-placeholder.ts';
import { fitsPattern } from '../lib/wildcard.ts';
import { referenceError } from './reference.ts';

/** Bytes of a file that a secret may have: certificates and keys are far shorter. */
const maxSecretBytes = 64 * 1024;

/** Variables that hold the server's own credentials: no pattern opens them to a call. */
const neverOpen: ReadonlySet<string> = new Set(['SYNQLY_TOKEN', 'SYNQLY_MCP_TOKEN', 'SYNQLY_TOKEN_STORE']);

/** Settings whose names fit the default pattern, and which hold no secret. */
const ownSettings: ReadonlySet<string> = new Set(['SYNQLY_SECRET_ENV', 'SYNQLY_SECRET_DIR']);

/**
 * The value of an environment variable.
 *
 * @param patterns names that may be asked for; `*` stands for any characters
 * @throws CallError `secret_reference`
 */
export function readVariable(
  name: string,
  patterns: readonly string[],
  environment: NodeJS.ProcessEnv,
): string {
  if (
    neverOpen.has(name) ||
    ownSettings.has(name) ||
    !patterns.some((pattern) => fitsPattern(name, pattern))
  ) {
    throw referenceError(`The variable is not one that may be used; ${describePatterns(patterns)}.`);
  }
  const value = environment[name];
  if (!value) throw referenceError('The variable is not set in the environment of the server.');
  // `$name` and the like may be a secret; what clients write for a value to come is none.
  if (value.includes('{') && placeholderIn(value) === value.trim())
    throw referenceError('The variable holds a placeholder that nothing has filled in.');
  return value;
}

/**
 * What the variables hold that calls may name: they are secrets from the start, whether one has been used yet or not. A
 * pattern that fits every name says of none that it is a secret's; of those only what is named like one counts.
 */
export function secretVariables(patterns: readonly string[], environment: NodeJS.ProcessEnv): string[] {
  const specific = patterns.filter((pattern) => !/^\*+$/.test(pattern));
  const fitsAll = specific.length < patterns.length;
  return Object.entries(environment).flatMap(([name, value]) => {
    if (ownSettings.has(name)) return [];
    const isSecret =
      specific.some((pattern) => fitsPattern(name, pattern)) || (fitsAll && isSecretName(name));
    return isSecret && value ? [value] : [];
  });
}

function describePatterns(patterns: readonly string[]): string {
  return patterns.length === 0
    ? 'this server reads none (--secret-env)'
    : `names must fit ${patterns.join(' or ')} (--secret-env)`;
}

/**
 * The text of a file in the directory of secrets, without the line break at its end. A link may not lead out of it.
 *
 * @param tokenFile where the server's own token is, which goes nowhere else, whatever the file is called there
 * @throws CallError `secret_reference`
 */
export async function readSecretFile(
  path: string,
  directory: string | undefined,
  tokenFile?: string,
): Promise<string> {
  if (directory === undefined)
    throw referenceError('This server reads no files: it was started without --secret-dir.');
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
  // Before the disk is asked: whether something exists elsewhere is nobody's business.
  if (!isInside(resolve(base, path), base))
    throw referenceError('The path leads out of the directory of --secret-dir.');
  const found = await real(resolve(base, path));
  if (!isInside(found, base)) throw referenceError('The path leads out of the directory of --secret-dir.');
  const file = await open(found, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => {
      throw referenceError('The file cannot be read by the server.');
    },
  );
  try {
    const opened = await file.stat({ bigint: true });
    const size = Number(opened.size);
    if (!opened.isFile()) throw referenceError('The path does not name a file.');
    const own =
      tokenFile === undefined ? undefined : await stat(tokenFile, { bigint: true }).catch(() => undefined);
    if (own && own.ino === opened.ino && own.dev === opened.dev)
      throw referenceError("The file holds the server's own token, which is no secret for calls.");
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
