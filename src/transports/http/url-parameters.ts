import { findClosest } from '../../lib/did-you-mean.ts';
import { isSecretName } from '../../lib/secret-names.ts';
import type { Rejection } from './host-guard.ts';

/** Other names of secrets, which name something else in the data of Synqly. */
const isShortSecretName = /^(?:key|auth|credentials?)$/i;

const maxShownName = 40;

const takesList = (name: string) => ['toolsets', 'allow', 'deny'].includes(name);

/**
 * Reads the query of a request's URL. Every name must be known and be given once: an ignored parameter may have been
 * meant as a limit, and of two values it is not clear whether they add up.
 *
 * @returns the values by name; undefined if there is no query
 */
export function readParameters<Name extends string>(
  url: string,
  names: readonly Name[],
): ReadonlyMap<Name, string> | Rejection | undefined {
  const parts = partsOf(url);
  if (parts.length === 0) return undefined;
  const given = new Map<Name, string>();
  for (const [name, text] of parts) {
    const known = names.find((one) => one === name);
    if (known === undefined) return { status: 400, message: unknownParameterMessage(name, names) };
    const value = decode(text);
    if (value === undefined)
      return { status: 400, message: `${name} in the URL is not percent-encoded UTF-8.` };
    if (/\p{Cc}/u.test(value))
      return { status: 400, message: `${name} in the URL must not have control characters.` };
    if (given.has(known)) {
      return {
        status: 400,
        message: `${name} is in the URL twice: give it once, with ${takesList(known) ? 'commas between its names' : 'one value'}.`,
      };
    }
    given.set(known, value.trim());
  }
  return given;
}

/**
 * Why a URL is refused that holds a secret; undefined if no parameter looks like one. Proxies, browsers and logs store
 * URLs. The message does not hold the value.
 */
export function secretInUrl(url: string): string | undefined {
  const name = partsOf(url)
    .map(([one]) => one)
    .find((one) => isSecretName(one) || isShortSecretName.test(one));
  if (name === undefined) return undefined;
  const named = isShown(name) ? `the parameter ${name}` : 'a parameter';
  return `The URL holds ${named}, which looks like a secret. Logs store URLs: replace that secret by a new one, and send the token in a header, as Authorization: Bearer <token> or X-Api-Key: <token>.`;
}

/** Names and undecoded values. Without `=` the value is empty. */
function partsOf(url: string): readonly (readonly [name: string, text: string])[] {
  const start = url.indexOf('?');
  if (start === -1) return [];
  return url
    .slice(start + 1)
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      const name = equals === -1 ? part : part.slice(0, equals);
      return [decode(name) ?? name, equals === -1 ? '' : part.slice(equals + 1)];
    });
}

/** Decodes as forms are encoded: `+` is a space, `%2B` a plus. Undefined for what is not UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** A name with other characters may be a misplaced value, such as a token. */
function isShown(name: string): boolean {
  return name.length <= maxShownName && /^[a-z]+(?:[-_.][a-z]+)*$/i.test(name);
}

function unknownParameterMessage(name: string, names: readonly string[]): string {
  const known = names.join(', ');
  if (!isShown(name)) return `The URL has an unknown parameter. Use only ${known}.`;
  const plain = (one: string) =>
    one
      .toLowerCase()
      .replace(/^synqly/, '')
      .replaceAll(/[-_.]/g, '');
  const same = names.find((one) => plain(one) === plain(name));
  const [suggestion] = same === undefined ? findClosest(name, names) : [same];
  const meant = suggestion === undefined ? '' : ` Did you mean ${suggestion}?`;
  return `The URL has the unknown parameter ${name}. Use only ${known}.${meant}`;
}
