/** A secret as some writer repeats it. */
export interface WrittenForm {
  readonly kind: string;
  readonly text: string;
}

const unicodeEscaped = (text: string, escaped: RegExp) =>
  JSON.stringify(text)
    .slice(1, -1)
    .replace(escaped, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
const html = (text: string, write: (sign: string) => string) => text.replace(/[&<>"'/=+üé]/g, write);
const named: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '/': '&sol;',
  '=': '&equals;',
  '+': '&plus;',
  ü: '&uuml;',
  é: '&eacute;',
};

/** The forms in which servers, proxies and providers repeat what they were sent. */
export function writtenForms(secret: string): readonly WrittenForm[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const url = encodeURIComponent(secret);
  const form = new URLSearchParams({ x: secret }).toString().slice(2);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const bare = secret.trim().replace(/^Bearer /, '');
  const forms: Record<string, string> = {
    'it is': secret,
    JSON: json,
    'JSON in JSON': JSON.stringify(json).slice(1, -1),
    'JSON of Go': unicodeEscaped(secret, /[<>&\u2028\u2029]/g),
    'JSON of Python': unicodeEscaped(secret, /[^\x20-\x7e]/g),
    'JSON of PHP': json.replaceAll('/', '\\/'),
    'part of a URL': url,
    'part of a URL in lower case': url.replace(/%../g, (sign) => sign.toLowerCase()),
    'field of a form': form,
    'field of a form in lower case': form.replace(/%../g, (sign) => sign.toLowerCase()),
    'every byte escaped': Buffer.from(secret).toString('hex').replace(/../g, '%$&'),
    'HTML with names': html(secret, (sign) => named[sign] ?? sign),
    'HTML in decimal': html(secret, (sign) => `&#${sign.charCodeAt(0)};`),
    'HTML in hex': html(secret, (sign) => `&#x${sign.charCodeAt(0).toString(16)};`),
    'HTML in JSON': JSON.stringify(html(secret, (sign) => named[sign] ?? sign)).slice(1, -1),
    base64: base64(secret),
    'base64 without padding': base64(secret).replace(/=+$/, ''),
    base64url: Buffer.from(secret).toString('base64url'),
    'base64 in a URL': encodeURIComponent(base64(secret)),
    'base64 of a user and it': base64(`user:${secret}`),
    'base64url of a user and it': Buffer.from(`user:${secret}`).toString('base64url'),
    'base64 of a body with it at 0': base64(`abc${secret}{"more":1}`),
    'base64 of a body with it at 1': base64(`{"a":"${secret}","b":1}`.slice(2)),
    'base64 of a body with it at 2': base64(`ab${secret}{"more":1}`),
    'it is without its line break and scheme': bare,
    'base64 of it without its line break and scheme': base64(`u:${bare}`),
  };
  return Object.entries(forms).map(([kind, text]) => ({ kind, text }));
}
