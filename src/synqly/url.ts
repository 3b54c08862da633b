import { CallError } from '../errors.ts';

/** Query parameters; an array is sent as a repeated key, as the Synqly SDKs do. */
export type Query = Readonly<Record<string, unknown>>;

/**
 * Fills a path template. A value is one segment: empty values, `.`, `..`, and values with a slash, a
 * backslash or a control character are refused. `encodeURIComponent('..')` is `..`, and URL parsing would
 * climb with it: "delete account" would become `DELETE /v1/`.
 *
 * @throws CallError `invalid_arguments`, naming the parameter.
 */
export function renderPath(template: string, params: Readonly<Record<string, unknown>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(checkSegment(name, params[name])),
  );
}

function checkSegment(name: string, value: unknown): string {
  const problem = segmentProblem(value);
  if (problem === undefined) return value as string;
  throw new CallError('invalid_arguments', `${name} cannot stand in a path.`, {
    arguments: [{ argument: name, problem }],
  });
}

function segmentProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (value.trim() === '') return 'must not be empty';
  if (value === '.' || value === '..') return 'must be an id or a name, not a relative path';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[/\\\u0000-\u001f\u007f]/.test(value))
    return 'must not hold a slash, a backslash or a control character';
  return halfCharacterIn(value);
}

/** Half of a surrogate pair cannot be encoded in UTF-8: in a path it would throw, in a query it would become another text. */
function halfCharacterIn(value: string): string | undefined {
  return /[\ud800-\udfff]/.test(value) && /\p{Surrogate}/u.test(value)
    ? 'must not hold half of a surrogate pair'
    : undefined;
}

/** Characters of a URL. Servers and what stands before them take 8 to 16 kB of it, and answer 414 or 431 beyond. */
const maxUrlLength = 8_000;

/** A base URL in parts: a URL object for every request costs more than the rest of preparing it. */
export interface Base {
  readonly origin: string;
  /** Without a slash at its end. */
  readonly prefix: string;
}

export function baseOf({ origin, pathname }: URL): Base {
  let end = pathname.length;
  while (pathname[end - 1] === '/') end -= 1;
  return { origin, prefix: pathname.slice(0, end) };
}

/**
 * What a request asks for at the origin: a rendered path, in which nothing is left to be encoded or resolved, below the
 * base URL's own prefix, and the query.
 *
 * @throws CallError `invalid_arguments` when the query makes the URL too long
 */
export function targetOf({ origin, prefix }: Base, path: string, query: Query): string {
  const target = `${prefix}${path}${toSearch(query)}`;
  if (origin.length + target.length <= maxUrlLength) return target;
  throw new CallError(
    'invalid_arguments',
    `The arguments make a URL of more than ${maxUrlLength} characters; ask for less at a time.`,
  );
}

function toSearch(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  if (given.length === 0) return '';
  const search = new URLSearchParams();
  for (const [key, value] of given) {
    for (const one of Array.isArray(value) ? value : [value]) {
      const text = String(one);
      const problem = halfCharacterIn(text);
      if (problem !== undefined) {
        const faults = { arguments: [{ argument: key, problem }] };
        throw new CallError('invalid_arguments', `${key} cannot stand in a query.`, faults);
      }
      search.append(key, text);
    }
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
