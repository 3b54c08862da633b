import { randomInt } from 'node:crypto';

/** What a reference asks the server to generate: `password:24`, or `token:40:hex`. */
export interface Recipe {
  readonly kind: 'password' | 'token';
  readonly length: number;
  readonly alphabet: Alphabet;
}

interface Alphabet {
  readonly name: string;
  readonly characters: string;
  /** A secret that does not match is drawn again, so that all that match stay equally likely. */
  readonly pattern?: RegExp;
}

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const digits = '0123456789';
const alphanumeric = `${upper}${lower}${digits}`;

/**
 * Its symbols need no escape in JSON, URLs, CSV, XML and most shells. It begins with a letter or digit, since programs read
 * arguments that begin with a symbol as options or file names.
 */
const passwordAlphabet: Alphabet = {
  name: 'letters, digits and symbols',
  characters: `${alphanumeric}-._~@`,
  pattern: /^(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)(?=[A-Za-z\d]+[-._~@])/,
};

const tokenAlphabets: readonly Alphabet[] = [
  { name: 'base64url', characters: `${alphanumeric}-_` },
  { name: 'alphanumeric', characters: alphanumeric },
  { name: 'hex', characters: `${digits}abcdef` },
];

/** Synqly takes passwords of up to 71 characters. */
const lengths = {
  password: { min: 12, fallback: 24, max: 71 },
  token: { min: 16, fallback: 48, max: 256 },
} as const;

/** Examples of references, for errors. */
const examples = {
  password: '${generate:password:24}',
  token: '${generate:token:40:hex}',
} as const;

/** A reference that generates a secret, for errors about references that cannot be read. */
export const generateExample = examples.password;

/** Parses what follows `generate:` in a reference; a text if it is wrong, which says what is right. */
export function readRecipe(text: string): Recipe | string {
  const [kind, ...options] = text.split(':');
  if (kind !== 'password' && kind !== 'token')
    return `is no kind of generated secret; write ${examples.password} or ${examples.token}`;
  const { min, fallback, max } = lengths[kind];
  const [first, ...others] = options;
  const hasLength = first !== undefined && /^[+-]?\d/.test(first);
  const length = hasLength ? (/^\d{1,5}$/.test(first) ? Number(first) : Number.NaN) : fallback;
  if (!(length >= min && length <= max))
    return `must generate a ${kind} of ${min} to ${max} characters, as in ${examples[kind]}`;
  const [name, ...rest] = hasLength ? others : options;
  if (kind === 'password')
    return name === undefined
      ? { kind, length, alphabet: passwordAlphabet }
      : `must have no option but the length for a password, as in ${examples.password}`;
  const alphabet = tokenAlphabets.find((one) => one.name === (name ?? 'base64url'));
  if (alphabet && rest.length === 0) return { kind, length, alphabet };
  return `must name the alphabet of a token: ${tokenAlphabets.map((one) => one.name).join(', ')}; as in ${examples.token}`;
}

/** What a recipe makes, in words. */
export function describeRecipe({ kind, length, alphabet }: Recipe): string {
  return `a ${kind} of ${length} characters (${alphabet.name})`;
}

/** Draws a secret from the random source of the operating system. All secrets of a recipe are equally likely. */
export function generateSecret({ length, alphabet }: Recipe): string {
  const { characters, pattern = /^/ } = alphabet;
  for (;;) {
    let secret = '';
    // `randomInt` draws again what would favour the first characters.
    while (secret.length < length) secret += characters[randomInt(characters.length)];
    if (pattern.test(secret)) return secret;
  }
}
