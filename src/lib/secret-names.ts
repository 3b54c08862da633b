/*
 * How the whole program recognizes names of secrets: in arguments, responses, patches, filters, Synqly's error
 * messages and the log.
 */

/** The text in place of a secret. */
export const withheld = '[withheld]';

/** Names whose whole value is a secret, nested fields included, in the form that `foldName` returns. */
const alwaysSecret: ReadonlySet<string> = new Set([
  'secret',
  'clientsecret',
  'secretaccesskey',
  'session',
  'privatekey',
  'providerkey',
  'integratorkey',
  'subscriptionkey',
  'password',
]);

/** Endings of other secret names; each may also name an object that holds the secret. */
const secretEnds: readonly string[] = [
  ...'secret password passwd passwort passcode passphrase pwd token jwt authorization cookie connectionstring'.split(
    ' ',
  ),
  ...`api access secret private shared signing encryption provider integrator subscription auth account storage
  application app client master license routing ingest ingestion webhook hmac ssh service signature`
    .split(/\s+/)
    .map((word) => `${word}key`),
];
/** Suffixes of such names, also with a number. */
const appended: readonly string[] = [
  '',
  'value',
  'text',
  'string',
  'plaintext',
  'raw',
  'pem',
  'base64',
  'b64',
];
/** Names of secrets when they are the whole name, but not as an ending. */
const isShortSecret = /^(pin|otp|pass|bearer|apipin|apipass|userpass|signature)$/;

/**
 * Fields of a provider's configuration that are objects with a secret inside. A test compares them with the field
 * lists.
 */
const holdsCredential =
  /(credential|credentials|webhookurl|collectionurl|authorization|apiconfig|authoptions|httpingest)$/;
/** Those of them that some providers fill with the secret itself. */
const holdsCredentialText = /credentials?$/;
/** Fields whose nested names are chosen by users, so that names do not reveal secrets. */
const holdsAnything = /^(endpoints|endpointparams|staticheaders|headers|extra)$/;

/**
 * Normalizes a name: ignores letter case, separators (`clientSecret`, `client-secret`) and Unicode look-alikes
 * (full-width letters).
 */
function foldName(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}*?%]/gu, '');
}

/** Whether a folded name ends like that of a secret: `apikey`, `tokens`, `passwordvalue2`. */
function endsLikeSecret(folded: string): boolean {
  let end = folded.length;
  while (end > 0 && isDigit(folded.charCodeAt(end - 1))) end -= 1;
  return [folded, folded.slice(0, end)].some((name) =>
    appended.some((suffix) => name.endsWith(suffix) && endsIn(name.slice(0, name.length - suffix.length))),
  );
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

function endsIn(name: string): boolean {
  const single = name.endsWith('s') ? name.slice(0, -1) : name;
  return secretEnds.some((end) => name.endsWith(end) || single.endsWith(end));
}

/**
 * Whether a field with this name is a secret: `client_secret`, `apiKey`, `Session`; not `token_url` or
 * `refresh_token_id`.
 */
export function isSecretName(name: string): boolean {
  const folded = foldName(name);
  return alwaysSecret.has(folded) || endsLikeSecret(folded) || isShortSecret.test(folded);
}

/** Whether everything nested below this name is secret too. */
export function isAlwaysSecretName(name: string): boolean {
  return alwaysSecret.has(foldName(name));
}

/** Whether a field of a free-form object is a secret or may contain one. */
export function mayHoldSecret(name: string): boolean {
  return isSecretName(name) || holdsCredential.test(foldName(name)) || mayHoldAnything(name);
}

/** Whether a string in this field of a free-form object is a credential. */
export function isCredentialName(name: string): boolean {
  return holdsCredentialText.test(foldName(name));
}

/** Whether any field below this name may be a secret. */
export function mayHoldAnything(name: string): boolean {
  return holdsAnything.test(foldName(name));
}

/** How often a text is decoded, for doubly encoded texts. */
const maxDecodings = 3;

/**
 * The folded names of a path, without array indices. Accepts a JSON Pointer (RFC 6901), also with `~1` or `%2F` in
 * place of slashes, and names joined by dots or other characters.
 */
export function namesAlong(path: string): readonly string[] {
  let plain = path.normalize('NFKC');
  for (let times = 0; times < maxDecodings; times += 1) {
    const decoded = plain
      .replace(/(?:%[0-9a-f]{2})+/gi, decodePercent)
      .replaceAll('~1', '/')
      .replaceAll('~0', '~')
      .normalize('NFKC');
    if (decoded === plain) break;
    plain = decoded;
  }
  return plain
    .split(/[^\p{L}\p{N}\p{M}\p{C}_\s*?%-]+/u)
    .map(foldName)
    .filter((name) => name !== '' && !/^\d+$/.test(name));
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether a path leads to a secret: its last name is that of one, or is nested below one. */
export function leadToSecret(names: readonly string[]): boolean {
  const last = names.at(-1);
  return names.some(isAlwaysSecretName) || (last !== undefined && isSecretName(last));
}
