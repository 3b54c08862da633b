/*
 * The one test by which the whole program tells names of secrets: in arguments, in answers, in patches, in filters, in
 * what Synqly says of a failure, and in the log.
 */

/** What stands in place of a secret. */
export const withheld = '[withheld]';

/** Names whose value is a secret, whatever form it has, as `foldName` gives them: what stands below one is secret too. */
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

/** Other names of secrets, by how they end; each may also be that of an object with the secret in it. */
const secretEnds: readonly string[] = [
  ...'secret password passwd passwort passcode passphrase pwd token jwt authorization cookie connectionstring'.split(
    ' ',
  ),
  ...`api access secret private shared signing encryption provider integrator subscription auth account storage
  application app client master license routing ingest ingestion webhook hmac ssh service signature`
    .split(/\s+/)
    .map((word) => `${word}key`),
];
/** What some append to such a name, and a number after it. */
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
/** Names that stand for a secret by themselves, but end others that do not. */
const isShortSecret = /^(pin|otp|pass|bearer|apipin|apipass|userpass|signature)$/;

/** Fields of a provider's configuration that are an object with a secret in it. A test holds them against the field lists. */
const holdsCredential =
  /(credential|credentials|webhookurl|collectionurl|authorization|apiconfig|authoptions|httpingest)$/;
/** Of these, names of fields that some write the secret itself into. */
const holdsCredentialText = /credentials?$/;
/** Those whose own fields have whatever name their owner gave them, so that no name tells which is a secret. */
const holdsAnything = /^(endpoints|endpointparams|staticheaders|headers|extra)$/;

/**
 * A name as a lenient reader compares it: without regard to letter case, to how words are joined (`clientSecret`,
 * `client-secret`) and to look-alikes that Unicode counts as the same (full-width letters).
 */
function foldName(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}*?%]/gu, '');
}

/** Whether a folded name ends as those of secrets do: `apikey`, `tokens`, `passwordvalue2`. */
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

/** Whether what has this name is a secret: `client_secret`, `apiKey`, `Session`; not `token_url` or `refresh_token_id`. */
export function isSecretName(name: string): boolean {
  const folded = foldName(name);
  return alwaysSecret.has(folded) || endsLikeSecret(folded) || isShortSecret.test(folded);
}

/** Whether all that stands below this name is secret too. */
export function isAlwaysSecretName(name: string): boolean {
  return alwaysSecret.has(foldName(name));
}

/** Whether what has this name, in an object that the API leaves open, is a secret or may have one in it. */
export function mayHoldSecret(name: string): boolean {
  return isSecretName(name) || holdsCredential.test(foldName(name)) || mayHoldAnything(name);
}

/** Whether a text under this name, in an object that the API leaves open, stands where a credential belongs. */
export function isCredentialName(name: string): boolean {
  return holdsCredentialText.test(foldName(name));
}

/** Whether any field below this name, whatever its own, may be a secret. */
export function mayHoldAnything(name: string): boolean {
  return holdsAnything.test(foldName(name));
}

/** How often a text is decoded: what was encoded twice is read by who decodes twice. */
const maxDecodings = 3;

/**
 * The names along a path, folded, without places in lists. Takes a JSON Pointer (RFC 6901), also with `~1` and `%2F` in
 * the place of slashes, and a path of names joined by dots or other signs.
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

/** Whether names along a path lead to a secret: the last is the name of one, or stands below one. */
export function leadToSecret(names: readonly string[]): boolean {
  const last = names.at(-1);
  return names.some(isAlwaysSecretName) || (last !== undefined && isSecretName(last));
}
